package setup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parley/store"
)

// Person is one of the people of an account, for pages.
type Person struct {
	Agent  string          // the e-mail address
	Rights map[string]bool // by the names of rights
}

// Right is a right on an account, or one that a role gives, for pages.
type Right struct{ Name, Label string }

// Rights lists all rights on accounts.
func Rights() []Right {
	labels := map[store.Right]string{
		store.RightHandles: "Answers", store.RightTakes: "By rules",
		store.RightReassign: "Reassigns", store.RightClear: "Clears",
		store.RightResolveAll: "Resolves all",
	}
	var list []Right
	for _, r := range store.Rights() {
		list = append(list, Right{string(r), labels[r]})
	}
	return list
}

// RoleLists are the lists that the company's own roles open.
func RoleLists() []Right {
	return []Right{{store.OpensAll, "All, Archived"}, {store.OpensBlocked, "Blocked"}}
}

// UsualRights are the rights of a person about whom nothing is said.
func UsualRights() map[string]bool {
	rights := map[string]bool{}
	for _, r := range store.Rights() {
		rights[string(r)] = r.IsUsual()
	}
	return rights
}

// People returns who works on an account; none means everybody.
func (e Entry) People() (people []Person) {
	for _, stored := range e.people {
		p := Person{Agent: stored.Agent, Rights: map[string]bool{}}
		for _, r := range store.Rights() {
			p.Rights[string(r)] = slices.Contains(stored.Rights, r)
		}
		people = append(people, p)
	}
	slices.SortFunc(people, func(a, b Person) int { return strings.Compare(a.Agent, b.Agent) })
	return people
}

// PeopleChange returns the values of a change that replaces the people of an account.
func PeopleChange(people []Person) map[string][]string {
	values := map[string][]string{PeoplePath: nil}
	for n, p := range people {
		at := fmt.Sprintf("%s.%d.", PeoplePath, n)
		values[at+"agent"] = []string{p.Agent}
		for name, has := range p.Rights {
			values[at+name] = []string{strconv.FormatBool(has)}
		}
	}
	return values
}
