package mailfake

import (
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
)

// This file keeps track of the clients that are connected to the fake IMAP and SMTP servers, so that they can be
// disconnected by Close or by a test, and holds what the sessions of both protocols have in common.

// clients are the open connections to both servers, and the IMAP sessions on them.
type clients struct {
	*ground  // has the lock, mu
	boxes    *mailboxes
	live     sync.WaitGroup // counts the sessions of both protocols
	closed   bool           // no new sessions are accepted
	conns    map[*faultConn]struct{}
	sessions map[*session]struct{}
}

// hangUpAll closes every connection.
func (c *clients) hangUpAll() {
	c.mu.Lock()
	open := slices.Collect(maps.Keys(c.conns))
	c.mu.Unlock() // Close acquires the lock
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

// enter registers a session. It returns false if the server is closing; otherwise the session must end with leave.
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

// connection is one client. The sessions of both protocols embed it.
type connection struct {
	world   *ground // its lock guards all state
	boxes   *mailboxes
	clients *clients
	faults  *faults

	fc   *faultConn
	acct *account // the mailbox of the login; nil before. It is written under the lock, because Disconnect reads it
}

func (s *Server) newConnection(conn net.Conn) connection {
	return connection{world: s.ground, boxes: s.mailboxes, clients: s.clients, faults: s.faults, fc: unwrap(conn)}
}

// address returns the address of the mailbox, or "" before the login.
func (c *connection) address() string {
	if c.acct == nil {
		return ""
	}
	return c.acct.address
}

// loginCheck reports whether a password or a token opens a mailbox.
type loginCheck func(a *account, username, secret string) bool

// openMailbox logs in. It returns false if there is no such mailbox or if the secret is wrong.
func (c *connection) openMailbox(username, secret string, isGood loginCheck) bool {
	c.world.mu.Lock()
	defer c.world.mu.Unlock()
	a := c.boxes.findLoginLocked(username)
	if a == nil || !isGood(a, username, secret) {
		return false
	}
	c.acct = a
	return true
}

// delayOrDrop applies the faults that precede a command. If it returns an error, the connection is closed.
func (c *connection) delayOrDrop(h hits) error {
	c.faults.pause(c.fc, h, ActionDelay)
	if _, ok := h.find(ActionDropBefore); ok {
		_ = c.fc.Close()
		return net.ErrClosed
	}
	return nil
}

// endCommand applies the faults that affect only the response of a command.
func (c *connection) endCommand(h hits) {
	c.faults.pause(c.fc, h, ActionDelayAfter)
	if _, ok := h.find(ActionDropAfter); ok {
		_ = c.fc.Close()
	}
}

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

// ChangeUIDValidity gives a folder a new UIDVALIDITY and its mails new UIDs, starting at 1. It disconnects the clients
// that have selected the folder. The error wraps ErrNoMailbox.
func (c *clients) ChangeUIDValidity(address, folderName string) error {
	open, err := c.renumber(address, folderName)
	for _, ss := range open {
		_ = ss.fc.Close()
	}
	return err
}

// renumber renumbers a folder and returns the sessions that have selected it.
func (c *clients) renumber(address, folderName string) ([]*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.boxes.folderLocked(address, folderName)
	if err != nil {
		return nil, err
	}
	c.boxes.renumberLocked(f)
	return c.viewingLocked(f), nil
}

// Disconnect sends BYE to every IMAP client that is logged in to a mailbox, and disconnects it.
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
