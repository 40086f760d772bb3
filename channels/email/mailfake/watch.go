package mailfake

import (
	"context"
	"fmt"
	"sync"

	"github.com/emersion/go-imap/v2"
)

// ChangeKind says what happened to a folder.
type ChangeKind string

// What a Change can be.
const (
	ChangeAdded   ChangeKind = "added"
	ChangeFlags   ChangeKind = "flags"
	ChangeRemoved ChangeKind = "removed" // also: all UIDs changed
)

// Change is one event in a mailbox, for live pages.
type Change struct {
	Address string     `json:"address"`
	Folder  string     `json:"folder"`
	UID     uint32     `json:"uid,omitempty"` // 0 when several
	Kind    ChangeKind `json:"kind"`
}

// changeBuffer is how many changes a subscriber may lag behind.
const changeBuffer = 256

// Inbox lists what the mailbox of an address received and still has, oldest first.
// Unknown address: nothing.
func (s *Server) Inbox(address string) []Received { return s.Folder(address, "INBOX") }

// Sent lists the mailbox's folder of sent mail, oldest first.
func (s *Server) Sent(address string) []Received {
	s.mu.Lock()
	name := ""
	if a := s.findLocked(address); a != nil {
		name = a.cfg.SentFolder
	}
	s.mu.Unlock()
	return s.Folder(address, name)
}

// Folder lists any folder, oldest first. Unknown address or folder: nothing.
func (s *Server) Folder(address, name string) []Received {
	out, _ := s.folderAndSignal(address, name)
	return out
}

// WaitFor returns the INBOX of an address as soon as done says so; it looks at once and
// after every change. A mailbox that does not exist yet is an empty one.
// Errors: ctx ended first; then the last look is returned too.
func (s *Server) WaitFor(ctx context.Context, address string, done func([]Received) bool) ([]Received, error) {
	return s.WaitForFolder(ctx, address, "INBOX", done)
}

// WaitForFolder is WaitFor for any folder.
func (s *Server) WaitForFolder(ctx context.Context, address, name string, done func([]Received) bool) ([]Received, error) {
	changes, stop := s.Subscribe()
	defer stop()
	for {
		in, signal := s.folderAndSignal(address, name)
		if done(in) {
			return in, nil
		}
		for again := false; !again; {
			select {
			case <-ctx.Done():
				return in, fmt.Errorf("mailfake: wait for mail: %w", ctx.Err())
			case <-s.done:
				return in, fmt.Errorf("mailfake: wait for mail: server closed")
			case <-signal:
				again = true
			case _, ok := <-changes: // only while the mailbox does not exist yet
				if again = signal == nil; !ok {
					changes = nil
				}
			}
		}
	}
}

// folderAndSignal also returns the channel that closes at the next change; nil while
// there is no such mailbox.
func (s *Server) folderAndSignal(address, name string) ([]Received, <-chan struct{}) {
	s.mu.Lock()
	f, err := s.folderLocked(address, name)
	if err != nil {
		s.mu.Unlock()
		return nil, nil
	}
	type snapshot struct {
		m     *message
		uid   imap.UID
		flags []imap.Flag
	}
	list := make([]snapshot, len(f.msgs))
	for i, m := range f.msgs {
		list[i] = snapshot{m, m.uid, m.flagList()}
	}
	addr, signal := f.acct.address, f.acct.changed
	s.mu.Unlock()
	out := make([]Received, len(list))
	for i, sn := range list {
		r := *sn.m.parsed()
		r.Address, r.Folder, r.UID, r.At = addr, f.name, uint32(sn.uid), sn.m.at
		for _, flag := range sn.flags {
			r.Flags = append(r.Flags, string(flag))
		}
		out[i] = r
	}
	return out, signal
}

// Subscribe reports every change in every mailbox until stop is called or the server
// closes, which closes the channel. A reader that lags behind misses changes: take one
// as a hint to look again.
func (s *Server) Subscribe() (changes <-chan Change, stop func()) {
	ch := make(chan Change, changeBuffer)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		close(ch)
		return ch, func() {}
	}
	s.subscribers[ch] = struct{}{}
	return ch, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.subscribers[ch]; ok {
			delete(s.subscribers, ch)
			close(ch)
		}
	}
}

func (s *Server) changedLocked(f *folder, uid imap.UID, kind ChangeKind) {
	if kind != ChangeAdded {
		f.spoilt++
	}
	close(f.changed)
	f.changed = make(chan struct{})
	close(f.acct.changed)
	f.acct.changed = make(chan struct{})
	for ch := range s.subscribers {
		select {
		case ch <- Change{Address: f.acct.address, Folder: f.name, UID: uint32(uid), Kind: kind}:
		default: // it has 256 others to read
		}
	}
}

// parsedOnce parses a mail when somebody first looks at it.
type parsedOnce struct {
	once, headOnce sync.Once
	val, headVal   Received
}

// head is the mail without its body, which is much faster to have.
func (m *message) head() *Received {
	m.parse.headOnce.Do(func() { m.parse.headVal = parseReceived(headerOf(m.raw)) })
	return &m.parse.headVal
}

func (m *message) parsed() *Received {
	m.parse.once.Do(func() { m.parse.val = parseReceived(m.raw) })
	return &m.parse.val
}
