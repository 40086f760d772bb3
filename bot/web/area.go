package web

import (
	"fmt"
	"html/template"
	"io/fs"
)

// Role says who may use a route.
type Role int

// Roles.
const (
	SuperAdmins Role = iota // the zero value lets in the fewest
	Admins                  // and super-admins
	Agents                  // everybody who is signed in
	Anyone                  // also who is not signed in
)

// opens reports whether somebody may use what is for a role.
func (p Person) opens(r Role) bool {
	switch r {
	case SuperAdmins:
		return p.Super
	case Admins:
		return p.Admin
	case Agents:
		return p.ID != 0
	case Anyone:
		return true
	}
	return false
}

// rank tells sessions of somebody with other rights apart.
func (p Person) rank() int {
	switch {
	case p.Super:
		return 2 //nolint:mnd // above an admin
	case p.Admin:
		return 1
	}
	return 0
}

// Route is a page, or what a form of it does.
type Route struct {
	Pattern string // of net/http.ServeMux: "GET /settings/tags/{name}"
	For     Role
	Do      func(*Visit) error

	// Streams says that the answer goes on for longer than a page may take; its handler ends it.
	Streams bool

	// Reads says that the handler reads the request's form itself, which may take long, and bounds it.
	Reads bool

	// Token lets programs in that show a token, in place of people who are signed in; nil = it takes none. For counts for
	// nothing then.
	Token *ByToken

	area string
}

// Area is a group of pages that belong together: a package below this one.
type Area struct {
	Name      string           // "settings"
	Templates fs.FS            // NAME.html defines "main": what a page shows between head and foot
	Funcs     template.FuncMap // what the templates call besides `words`
	Routes    []Route
	Menu      []Link
}

// Link is an entry of the menu.
type Link struct {
	Path string
	Text string
	For  Role
	Rank int // entries with lower ranks stand first

	// Below are what the addresses of other pages begin with that belong to this one: "/settings/add-".
	Below []string
}

// globHTML lists the templates of an area.
func globHTML(a Area) ([]string, error) {
	names, err := fs.Glob(a.Templates, "*.html")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("web: area %s has no templates: %w", a.Name, err)
	}
	return names, nil
}
