package setup

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/store"
)

const maxRoleRunes = 60

// readRole reads one of the company's own roles. It returns false if the role has no name.
//
//	roles:
//	  - {name: Supervisor, lists: [all, blocked]}
func readRole(o *object) (r store.Role, ok bool) {
	r.Name = strings.Join(strings.Fields(o.readName("name", "Agents have a role by its name: Supervisor.")), " ")
	if utf8.RuneCountInString(r.Name) > maxRoleRunes {
		o.Fault(o.At, "name", "is too long", fmt.Sprintf("A name has at most %d characters.", maxRoleRunes))
	}
	if slices.Contains(store.Roles(), r.Name) {
		o.Fault(o.At, "name", fmt.Sprintf("%q is one of Parley's own roles", r.Name), "Take another name.")
	}
	if lists := o.List("lists"); lists != nil {
		for _, list := range lists.Items {
			o.checkOneOf(list, "lists", store.OpensAll, store.OpensBlocked)
		}
		r.Lists = lists.Values()
	}
	o.Done()
	return r, r.Name != ""
}
