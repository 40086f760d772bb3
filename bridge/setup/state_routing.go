package setup

import (
	"strings"

	"parley/routing"
)

// Automation finds an automation by its name, or returns nil if there is none.
func (s *State) Automation(name string) *routing.Automation {
	return find(s.Automations, func(a routing.Automation) bool { return strings.EqualFold(a.Name, name) })
}
