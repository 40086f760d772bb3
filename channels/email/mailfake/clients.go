package mailfake

import (
	"strings"
	"sync"
)

// clients are the connections to both servers and the IMAP sessions on them.
type clients struct {
	*ground
	boxes    *mailboxes
	live     sync.WaitGroup // sessions of both protocols
	closed   bool           // nobody may enter any more
	conns    map[*faultConn]struct{}
	sessions map[*session]struct{}
}

// hangUpAll cuts every connection.
func (c *clients) hangUpAll() {
	c.mu.Lock()
	open := make([]*faultConn, 0, len(c.conns))
	for fc := range c.conns {
		open = append(open, fc)
	}
	c.mu.Unlock()
	for _, fc := range open {
		_ = fc.Close()
	}
}

func (c *clients) rememberConn(fc *faultConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns[fc] = struct{}{}
}

func (c *clients) forgetConn(fc *faultConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, fc)
}

// enter counts a session in, unless the server is closing; leave counts it out.
func (c *clients) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.live.Add(1)
	return true
}

func (c *clients) leave() { c.live.Done() }

// viewingLocked returns the sessions that have a folder open.
func (c *clients) viewingLocked(f *folder) []*session {
	var open []*session
	for ss := range c.sessions {
		if ss.view != nil && ss.view.folder == f {
			open = append(open, ss)
		}
	}
	return open
}

// ChangeUIDValidity gives a folder a new UIDVALIDITY and its mails new UIDs from 1, and
// hangs up on the clients that have it open. Errors: ErrNoMailbox.
func (c *clients) ChangeUIDValidity(address, folderName string) error {
	c.mu.Lock()
	f, err := c.boxes.folderLocked(address, folderName)
	if err != nil {
		c.mu.Unlock()
		return err
	}
	c.boxes.renumberLocked(f)
	open := c.viewingLocked(f)
	c.mu.Unlock()
	for _, ss := range open {
		_ = ss.fc.Close()
	}
	return nil
}

// Disconnect says BYE to every IMAP client that is logged in to the mailbox.
func (c *clients) Disconnect(address string) {
	c.mu.Lock()
	var open []*session
	for ss := range c.sessions {
		if ss.acct != nil && strings.EqualFold(ss.acct.address, address) {
			open = append(open, ss)
		}
	}
	c.mu.Unlock()
	for _, ss := range open {
		_ = ss.conn.Bye("Server shutting down")
	}
}
