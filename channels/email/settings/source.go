package settings

import (
	"strings"

	"parley/channels"
)

// Sources names what an account fetches mail from: its address, and its folder at its server. Two accounts with one of
// them in common would both fetch each mail. Values that are wrong are told by Read.
func Sources(c channels.Config) map[string]string {
	s, _ := Read(c)
	named := map[string]string{fieldAddress: strings.ToLower(s.Address)}
	if s.IMAP.Host != "" {
		named[fieldIMAPUsername] = strings.ToLower(s.IMAP.Host + " " + s.IMAP.Username + " " + s.Folder)
	}
	return named
}
