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
	t := template.New("").Funcs(template.FuncMap{"words": helpHTML, "options": optionsHTML})
	t, err := t.ParseFS(baseTemplates, "templates/page.html", "templates/form.html")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return t, nil
}

// refusalArea returns the area of refused.html, the page that says why something was refused.
func refusalArea() Area {
	templates, _ := fs.Sub(baseTemplates, "templates") // can't fail: the folder is embedded
	return Area{Name: "web", Templates: singleFile{templates, "refused.html"}}
}

// singleFile is a file system that lists only one of its files, so that an area has only that one as a page.
type singleFile struct {
	fs.FS

	name string
}

// Glob implements fs.GlobFS.
func (f singleFile) Glob(string) ([]string, error) { return []string{f.name}, nil }
