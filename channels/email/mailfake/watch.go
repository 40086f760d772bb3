package mailfake

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/emersion/go-imap/v2"

	"parley/channels/emulator"
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

// Inbox lists what the mailbox of an address received and still has, oldest first. Unknown address: nothing.
func (b *mailboxes) Inbox(address string) []Received { return b.Folder(address, "INBOX") }

// Sent lists the mailbox's folder of sent mail, oldest first.
func (b *mailboxes) Sent(address string) []Received { return b.Folder(address, b.sentFolder(address)) }

// sentFolder is the name of a mailbox's folder of sent mail, "" if there is no such mailbox.
func (b *mailboxes) sentFolder(address string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.findLocked(address); a != nil {
		return a.cfg.SentFolder
	}
	return ""
}

// Folder lists any folder, oldest first. Unknown address or folder: nothing.
func (b *mailboxes) Folder(address, name string) []Received {
	mails, states := b.snapshot(address, name)
	out := make([]Received, len(mails))
	for i, m := range mails {
		out[i] = *m.parsedMail() // without the lock: parsing takes long
		state := states[i]
		out[i].Address, out[i].Folder, out[i].UID, out[i].At, out[i].Flags = state.Address, state.Folder, state.UID, state.At, state.Flags
	}
	return out
}

// snapshot returns the mails of a folder, and for each what its Received says of the mailbox.
func (b *mailboxes) snapshot(address, name string) (mails []*message, states []Received) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := b.folderLocked(address, name)
	if err != nil {
		return nil, nil
	}
	for _, m := range f.msgs {
		r := Received{Address: f.acct.address, Folder: f.name, UID: uint32(m.uid), At: m.at}
		for _, flag := range m.flagList() {
			r.Flags = append(r.Flags, string(flag))
		}
		states = append(states, r)
	}
	return slices.Clone(f.msgs), states
}

// WaitFor waits until done returns true for the INBOX of an address, and returns the INBOX. It calls done at once and after every change.
// A mailbox that doesn't exist yet counts as empty.
// Errors: ctx ended first; then the last INBOX is returned, too.
func (b *mailboxes) WaitFor(ctx context.Context, address string, done func([]Received) bool) ([]Received, error) {
	return b.WaitForFolder(ctx, address, "INBOX", done)
}

// WaitForFolder is WaitFor for any folder.
func (b *mailboxes) WaitForFolder(ctx context.Context, address, name string, done func([]Received) bool) (in []Received, err error) {
	err = b.changes.WaitFor(ctx, func() bool {
		in = b.Folder(address, name)
		return done(in)
	})
	if err != nil {
		return in, fmt.Errorf("mailfake: wait for mail: %w", err)
	}
	return in, nil
}

// Subscription reads changes in order, at its own pace.
type Subscription = emulator.Subscription[Change]

// Subscribe returns a reader of every change in every mailbox from now on. It needs no closing.
func (b *mailboxes) Subscribe() *Subscription { return b.changes.Subscribe() }

// changedLocked tells everybody who waits that a folder changed.
func (b *mailboxes) changedLocked(f *folder, uid imap.UID, kind ChangeKind) {
	if kind != ChangeAdded {
		f.edits++
	}
	close(f.changed)
	f.changed = make(chan struct{})
	b.changes.Add(func(int64) Change {
		return Change{Address: f.acct.address, Folder: f.name, UID: uint32(uid), Kind: kind}
	})
}

// parsedOnce parses a mail when somebody first looks at it.
type parsedOnce struct {
	once, headOnce sync.Once
	val, headVal   Received
}

// parsedHead is the mail without its body, which is much faster to have.
func (m *message) parsedHead() *Received {
	m.parse.headOnce.Do(func() { m.parse.headVal = parseReceived(headerOf(m.raw)) })
	return &m.parse.headVal
}

func (m *message) parsedMail() *Received {
	m.parse.once.Do(func() { m.parse.val = parseReceived(m.raw) })
	return &m.parse.val
}
