package web

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
)

// Addresses to which this package itself leads.
const (
	homePath   = "/settings"
	signInPath = "/auth/sign-in"
)

//go:embed templates
var ownTemplates embed.FS

// parseBase parses the templates that surround all pages, and those of forms.
func (s *Site) parseBase() (*template.Template, error) {
	t, err := template.New("").Funcs(template.FuncMap{"words": helpHTML, "options": optionsHTML}).ParseFS(ownTemplates, "templates/page.html", "templates/form.html")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return t, nil
}

// ownArea has the page that says why something was refused.
func (s *Site) ownArea() Area {
	templates, _ := fs.Sub(ownTemplates, "templates") // embedded: it is there
	return Area{Name: "web", Templates: singleFile{templates, "refused.html"}}
}

// singleFile is a file system in which only one file is listed.
type singleFile struct {
	fs.FS

	name string
}

// Glob implements fs.GlobFS.
func (o singleFile) Glob(string) ([]string, error) { return []string{o.name}, nil }
