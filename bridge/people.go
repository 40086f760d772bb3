package bridge

import "time"

// AgentRef names an agent to a surface.
type AgentRef struct {
	ID      AgentID
	Name    string
	User    SurfaceUser // the agent's id in the surface that shows this; "" if the agent has none there
	Email   string
	IsAdmin bool
	Away    bool   `json:",omitempty"` // the agent is away; set only in the Mentions of a line, and of all agents (Desk.People)
	Room    string `json:",omitempty"` // how much of the room is taken, such as "5/8"; set as Away is
}

// You refers to the person who reads the line.
func You(user SurfaceUser) AgentRef { return AgentRef{User: user, Name: "you"} }

// PartyRef names a customer.
type PartyRef struct {
	Name    string // never empty: the phone number or else the address if no name is known
	Address string
	Phone   string `json:",omitempty"` // shown instead of Address, if that is an id that only the provider uses
	// Stranger is set for the author of a mail who is neither the conversation's customer nor gets its replies.
	Stranger bool `json:",omitempty"`
}

// AddressesOf returns the addresses of people, in the same order.
func AddressesOf(people []PartyRef) []string {
	addresses := make([]string, len(people))
	for i, p := range people {
		addresses[i] = p.Address
	}
	return addresses
}

// Replying is a colleague who has the form of a reply to the customer open.
type Replying struct {
	By    AgentRef
	Since time.Time // Parley's clock
}
