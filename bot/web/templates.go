package web

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
)

//go:embed templates
var baseTemplates embed.FS

// parseBase parses page.html, which every page is shown in, and form.html, which forms are made of.
func (s *Site) parseBase() (*template.Template, error) {
	t := template.New("").Funcs(template.FuncMap{
		"words": helpHTML, "options": optionsHTML, "doc": func(page string) string { return HelpPath + page },
	})
	t, err := t.ParseFS(baseTemplates, "templates/page.html", "templates/form.html")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return t, nil
}

// ownArea returns the area of the pages of this package: why something was refused, and the way to another site.
func ownArea() Area {
	pages, _ := fs.Sub(baseTemplates, "templates/pages") // can't fail: the folder is embedded
	return Area{Name: "web", Templates: pages}
}
