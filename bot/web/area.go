package web

import (
	"fmt"
	"html/template"
	"io/fs"
)

// The site is made of areas. An area, such as the settings or the inbox, is a package below this one. It lists its
// pages as routes, each with the role that a person needs for it, and its entries in the menu. New puts all areas
// together.

// Pages of areas to which this package sends people: the set-up, and the sign-in.
const (
	homePath   = "/settings"
	signInPath = "/auth/sign-in"
)

// Role says who may use a route. Roles are ordered by how many people they let in.
type Role int

// Roles.
const (
	SuperAdmins Role = iota // the zero value, so that a route without a role lets in the fewest
	Admins                  // and super-admins
	Agents                  // everybody who is signed in
	Anyone                  // also people who are not signed in
)

// mayOpen reports whether the person may use a route that is for a role.
func (p Person) mayOpen(r Role) bool {
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

// rank is a number for the person's rights. A session whose person has another rank gets a new token.
func (p Person) rank() int {
	if p.Super {
		return 2 //nolint:mnd // above an admin
	}
	if p.Admin {
		return 1
	}
	return 0
}

// Route is a page, or what a form of it does.
type Route struct {
	Pattern string // of net/http.ServeMux: "GET /settings/tags/{name}"
	For     Role
	Do      func(*Visit) error

	// Streams says that the answer may take longer than that of a page: half an hour, or longer if the handler calls
	// Visit.GiveTime again. The handler must end it.
	Streams bool

	// Reads says that the handler reads the request's body itself, such as large files. The handler must bound how
	// much it reads.
	Reads bool

	// Token is set for routes that programs call with a token. Then no session opens the route, and Role is ignored.
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

	// Below has prefixes of the addresses of other pages that belong to this entry: "/settings/add-".
	Below []string
}

// globHTML lists the templates of an area.
func globHTML(a Area) ([]string, error) {
	names, err := fs.Glob(a.Templates, "*.html")
	if err != nil {
		return nil, fmt.Errorf("web: list templates of area %s: %w", a.Name, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("web: area %s has no templates", a.Name)
	}
	return names, nil
}
