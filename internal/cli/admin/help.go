package admin

import (
	"embed"
	"strings"
	"text/template"
)

//go:embed help/*.txt
var helpFiles embed.FS

// helpTexts are what --help prints: a file for each command, and parts that several share.
var helpTexts = template.Must(template.ParseFS(helpFiles, "help/*.txt"))

// help prints the help of the command that the arguments name; words that follow its name mean nothing.
func (c *call) help() error {
	of := named("")
	for i, word := range c.arguments {
		inner := named(strings.TrimSpace(of.name + " " + word))
		switch {
		case inner != nil:
			of = inner
		case i == 0:
			return misusef("Unknown command: %s", word)
		}
	}
	return c.printHelp(of)
}

func (c *call) printHelp(of *command) error {
	file := strings.ReplaceAll(of.name, " ", "-") + ".txt"
	switch of.name {
	case "", "help":
		file = "kcadm.txt"
	}
	data := struct{ Name, Config string }{c.program.Name, c.program.configPath()}
	return helpTexts.ExecuteTemplate(c.program.Out, file, data)
}
