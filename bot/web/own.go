package web

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
)

// Addresses that the ground itself leads to.
const (
	homePath   = "/settings"
	signInPath = "/auth/sign-in"
)

//go:embed templates
var ownTemplates embed.FS

// base parses what surrounds all pages, and the pieces of forms.
func (s *Site) base() (*template.Template, error) {
	t, err := template.New("").Funcs(template.FuncMap{"words": words, "options": options}).ParseFS(ownTemplates, "templates/page.html", "templates/form.html")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return t, nil
}

// ownArea has the page that says why something was refused.
func (s *Site) ownArea() Area {
	templates, _ := fs.Sub(ownTemplates, "templates") // embedded: it is there
	return Area{Name: "web", Templates: only{templates, "refused.html"}}
}

// only shows one file of a folder.
type only struct {
	fs.FS

	name string
}

// Glob implements fs.GlobFS.
func (o only) Glob(string) ([]string, error) { return []string{o.name}, nil }
