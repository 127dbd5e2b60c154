package pages

import (
	"embed"
	"html/template"
	"strings"
)

//go:embed templates
var templateFiles embed.FS

// shared are the templates that others are made of.
var shared = []string{"layout", "account", "passkey", "new-password", "back"}

// entrance is the file of the page "account", whose name is that of the frame of all other account pages.
const entrance = "account-entrance"

// templates are those of pages, by their ids.
var templates = readTemplates()

func readTemplates() map[string]*template.Template {
	base := template.New("layout.html")
	for _, name := range shared {
		template.Must(base.ParseFS(templateFiles, "templates/"+name+".html"))
	}
	out := map[string]*template.Template{
		"": template.Must(template.ParseFS(templateFiles, "templates/form-post.html")),
	}
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err) // they are part of the program
	}
	for _, f := range files {
		id, frame := strings.TrimSuffix(f.Name(), ".html"), "layout.html"
		switch {
		case id == entrance:
			id = "account" // in the frame of sign-in: nobody is in yet
		case strings.HasPrefix(id, "account-"):
			frame = "account.html"
		case !strings.HasPrefix(id, "login-"):
			continue
		}
		out[id] = template.Must(template.Must(base.Clone()).ParseFS(templateFiles, "templates/"+f.Name())).Lookup(frame)
	}
	return out
}
