package settings

import (
	"strings"

	"parley/channels"
)

// Sources names what an account fetches mail from: its address, and its folder at its server. Two accounts with one of
// them in common would both fetch each mail. The usual ports lead to one server; another port of the same host may be another
// server's. Values that are wrong are told by Read.
func Sources(c channels.Config) map[string]string {
	s, _ := Read(c)
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
