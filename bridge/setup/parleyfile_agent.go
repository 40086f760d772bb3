package setup

import (
	"fmt"
	"strings"

	"parley/bridge"
	"parley/channels"
)

// ParleyfileAgent is the entry of an agent in parley.yaml. An agent is a person who answers customers.
//
//	agents:
//	  - email: ann@example.com
//	    name: Ann
//	    slack: U012AB3CD
//
// A nil field means that the entry doesn't have the key.
type ParleyfileAgent struct {
	At    Position
	Email string
	Name  *Text
	Roles *List
	Zone  *Text
	Users map[string]Text // ids in the chats, by kind: "slack" or "teams"

	Presence  *Text
	Quiet     *List
	Signature *Text
	Work
}

// readAgent reads the entry of an agent. It returns false if the entry has no valid e-mail address.
func readAgent(o *object) (ParleyfileAgent, bool) {
	e := ParleyfileAgent{At: o.At, Users: map[string]Text{}}
	e.Email = o.readAgentEmail()
	e.Name = o.Text("name")
	if e.Name != nil && strings.TrimSpace(e.Name.Value) == "" {
		o.Fault(e.Name.At, "name", "is empty", "Write the name that colleagues and customers see.")
	}

	for _, kind := range Chats() {
		if t := o.Text(kind); t != nil {
			o.checkUser(kind, t)
			e.Users[kind] = *t
		}
	}

	e.Roles = o.List("roles")
	if e.Zone = o.Text("zone"); e.Zone != nil {
		o.checkZone(*e.Zone)
	}

	e.Presence = o.readOneOfOrNone("presence", Presences()...)
	if e.Quiet = o.List("quiet"); e.Quiet != nil {
		for _, notice := range e.Quiet.Items {
			o.checkOneOf(notice, "quiet", bridge.NoticesToChoose()...)
		}
	}

	e.Signature = o.Text("signature")
	e.Work = o.readWork()
	o.Done()
	return e, e.Email != ""
}

// readAgentEmail reads the e-mail address, which identifies an agent. It returns "" if the address is missing
// or invalid.
func (o *object) readAgentEmail() string {
	t := o.Text("email")
	if t == nil {
		if o.Values["email"] == nil {
			o.Fault(o.At, "email", "is missing", "An agent is known by the e-mail address.")
		}
		return ""
	}

	email := channels.LowerAddress(strings.TrimSpace(t.Value))
	if !IsEmail(email) {
		o.Fault(t.At, "email", fmt.Sprintf("%q isn't an e-mail address", t.Raw), "Write ann@example.com.")
		return ""
	}

	o.Where = "agent " + email
	return email
}
