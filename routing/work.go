package routing

import "parley/routing/hours"

// Work is how an agent takes part: what makes a Person of somebody. It is stored as JSON. The zero value takes any number of
// conversations at any time.
type Work struct {
	Capacity int        `json:"capacity,omitempty"` // 0 means no limit
	Manual   bool       `json:"manual,omitempty"`   // see Person
	Skills   []string   `json:"skills,omitempty"`
	Brands   []string   `json:"brands,omitempty"`
	Hours    hours.Plan `json:"hours,omitzero"` // when the agent is on duty; the zero Plan means always
}
