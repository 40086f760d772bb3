package message

import (
	"strings"

	"parley/channels"
)

// Sources names what an account fetches mail from: its address, and its folder at its server (channels.Spec). Both usual ports of a host
// lead to the same server, another port may lead to another one.
func Sources(c channels.Config) map[string]string {
	s, _ := ReadSettings(c) // who saves settings is told what is wrong with them by Spec.Check
	named := map[string]string{fieldAddress: strings.ToLower(s.Address)}
	if s.IMAP.Host != "" {
		server := s.IMAP.Address()
		if s.IMAP.Port == "993" || s.IMAP.Port == "143" {
			server = s.IMAP.Host
		}
		named[fieldIMAPUsername] = strings.ToLower(server + " " + s.IMAP.Username + " " + s.Folder)
	}
	return named
}
