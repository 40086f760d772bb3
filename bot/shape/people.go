package shape

import (
	"cmp"

	"parley/bridge"
)

// AgentName returns an agent's name, or the address if there is no name. It is never empty.
func AgentName(a bridge.AgentRef) string {
	if name := OneLine(a.Name, MaxNameRunes); name != "" {
		return name
	}
	return cmp.Or(OneLine(a.Email, MaxNameRunes), "Somebody")
}

// PartyName returns a customer's name, or the phone number or address if there is no name. It is never empty.
func PartyName(p bridge.PartyRef) string {
	if name := OneLine(p.Name, MaxNameRunes); name != "" {
		return name
	}
	return cmp.Or(OneLine(ShownAddress(p), MaxNameRunes), "The customer")
}

// ShownAddress returns a customer's phone number if it is known, and otherwise the address. It is for people to read:
// commands and buttons need PartyRef.Address.
func ShownAddress(p bridge.PartyRef) string { return cmp.Or(p.Phone, p.Address) }

// Party names a customer with the phone number or address, or by that alone if there is no name.
func Party(p bridge.PartyRef) string {
	name, address := PartyName(p), OneLine(ShownAddress(p), MaxSubjectRunes)
	if address == "" || address == name {
		return name
	}
	return name + " <" + address + ">"
}

// IsNobody reports whether a reference names no agent.
func IsNobody(a bridge.AgentRef) bool {
	hasID := a.ID != 0 || a.User != ""
	hasName := a.Name != "" || a.Email != ""
	return !hasID && !hasName
}
