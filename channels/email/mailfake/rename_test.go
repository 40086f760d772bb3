package mailfake_test

import (
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
)

// listFolders returns the names of all folders.
func listFolders(t *testing.T, c *imapclient.Client) []string {
	t.Helper()
	list, err := c.List("", "*", nil).Collect()
	noError(t, err)
	var names []string
	for _, d := range list {
		names = append(names, d.Mailbox)
	}
	return names
}
