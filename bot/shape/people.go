package shape

import "parley/bridge"

// AgentName gives an agent's name, else the address; it is never empty.
func AgentName(a bridge.AgentRef) string {
	for _, name := range [...]string{a.Name, a.Email} {
		if n := OneLine(name, MaxNameRunes); n != "" {
			return n
		}
	}
	return "Somebody"
}

// PartyName gives a customer's name, else the address; it is never empty.
func PartyName(p bridge.PartyRef) string {
	for _, name := range [...]string{p.Name, p.Address} {
		if n := OneLine(name, MaxNameRunes); n != "" {
			return n
		}
	}
	return "The customer"
}

// Party names a customer with the address, or by the address alone where there is no name.
func Party(p bridge.PartyRef) string {
	name, address := PartyName(p), OneLine(p.Address, MaxSubjectRunes)
	if address == "" || address == name {
		return name
	}
	return name + " <" + address + ">"
}

// Nobody reports whether a reference names no agent.
func Nobody(a bridge.AgentRef) bool {
	return a.ID == 0 && a.User == "" && a.Name == "" && a.Email == ""
}
