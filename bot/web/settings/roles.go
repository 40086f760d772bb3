package settings

import (
	"fmt"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// The page of the company's own roles: a table of them and of the lists that each opens. The boxes of one list are sent as a list of
// names. Agents get roles on their own pages.

const rolesPath = "/settings/roles"

func (p pages) roleRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + rolesPath, For: web.Admins, Do: p.showRoles},
		{Pattern: "POST " + rolesPath, For: web.Admins, Do: p.saveRoles},
	}
}

// ownRole is a role with the lists that it opens.
type ownRole struct {
	Name  string
	Lists map[string]bool
}

// rolesOf returns the company's own roles.
func rolesOf(all []setup.Entry) (roles []ownRole) {
	for _, e := range ofKind(all, setup.EntryRoles) {
		for n := 0; e.Value(fmt.Sprintf("roles.%d.name", n)) != ""; n++ {
			r := ownRole{Name: e.Value(fmt.Sprintf("roles.%d.name", n)), Lists: map[string]bool{}}
			for _, list := range e.Values[fmt.Sprintf("roles.%d.lists", n)] {
				r.Lists[list] = true
			}
			roles = append(roles, r)
		}
	}
	return roles
}

func (p pages) showRoles(v *web.Visit) error {
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return err
	}
	return v.Show("roles", web.Screen{
		Title: "Roles",
		Help: "Roles of your own open lists to agents that are otherwise for admins. Give them to people under *People*. What somebody " +
			"may do on an account stands on that account's page *People*.",
		Data: map[string]any{"Roles": rolesOf(all), "Lists": setup.RoleLists(), "Version": find(all, setup.EntryRoles, "").Version},
	})
}

// saveRoles saves the roles as the boxes say, with one role more or less.
func (p pages) saveRoles(v *web.Visit) error {
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return err
	}
	roles := slices.DeleteFunc(rolesOf(all), func(r ownRole) bool { return r.Name == v.Value("remove") })
	if name := strings.Join(strings.Fields(v.Value("add")), " "); name != "" {
		roles = append(roles, ownRole{Name: name})
	}
	values := map[string][]string{"roles": nil}
	for n, r := range roles {
		at := fmt.Sprintf("roles.%d.", n)
		values[at+"name"], values[at+"lists"] = []string{r.Name}, []string{}
		for _, list := range setup.RoleLists() {
			if slices.Contains(v.Request.PostForm[list.Name], r.Name) {
				values[at+"lists"] = append(values[at+"lists"], list.Name)
			}
		}
	}
	return p.changeAtOnce(v, setup.Change{Kind: setup.EntryRoles, Version: v.Value("version"), Values: values}, rolesPath)
}
