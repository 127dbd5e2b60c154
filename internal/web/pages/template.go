package pages

import (
	"embed"
	"html/template"
	"strings"
)

//go:embed templates
var templateFiles embed.FS

// shared are the templates that others are made of.
var shared = []string{"layout", "passkey", "new-password", "back"}

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
		if id := strings.TrimSuffix(f.Name(), ".html"); strings.HasPrefix(id, "login-") {
			out[id] = template.Must(template.Must(base.Clone()).ParseFS(templateFiles, "templates/"+f.Name()))
		}
	}
	return out
}
