package mailfake

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/emersion/go-imap/v2"

	"parley/channels/emulator"
)

// This file shows tests what is in the emulated mailboxes, and lets them wait for changes:
//
//	mails, err := server.WaitFor(ctx, "ann@customer.test", func(inbox []Received) bool { return len(inbox) == 1 })

// ChangeKind is the kind of a change in a folder.
type ChangeKind string

// The kinds of changes.
const (
	ChangeAdded   ChangeKind = "added"
	ChangeFlags   ChangeKind = "flags"
	ChangeRemoved ChangeKind = "removed" // also used when all UIDs of the folder changed
)

// Change is one change in a mailbox. Live web pages show them as they happen.
type Change struct {
	Address string     `json:"address"`
	Folder  string     `json:"folder"`
	UID     uint32     `json:"uid,omitempty"` // 0 for ChangeRemoved
	Kind    ChangeKind `json:"kind"`
}

// Inbox returns the mails in the INBOX of an address, oldest first. It returns none for an unknown address.
func (b *mailboxes) Inbox(address string) []Received { return b.Folder(address, "INBOX") }

// Sent returns the mails in the mailbox's folder of sent mail, oldest first.
func (b *mailboxes) Sent(address string) []Received { return b.Folder(address, b.sentFolder(address)) }

// sentFolder returns the name of a mailbox's folder of sent mail, or "" for an unknown address.
func (b *mailboxes) sentFolder(address string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.findLocked(address); a != nil {
		return a.cfg.SentFolder
	}
	return ""
}

// Folder returns the mails in a folder, oldest first. It returns none for an unknown address or folder.
func (b *mailboxes) Folder(address, name string) []Received {
	mails, states := b.snapshot(address, name)
	out := make([]Received, len(mails))
	for i, m := range mails {
		received := *m.parsedMail() // without the lock, because parsing is slow
		state := states[i]
		received.Address, received.Folder = state.Address, state.Folder
		received.UID, received.At, received.Flags = state.UID, state.At, state.Flags
		out[i] = received
	}
	return out
}

// snapshot returns the mails of a folder. states has an entry for each mail with the fields of Received that belong to
// the mailbox and not to the mail itself: address, folder, UID, arrival and flags.
func (b *mailboxes) snapshot(address, name string) (mails []*message, states []Received) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := b.folderLocked(address, name)
	if err != nil {
		return nil, nil
	}
	for _, m := range f.msgs {
		state := Received{Address: f.acct.address, Folder: f.name, UID: uint32(m.uid), At: m.at}
		for _, flag := range m.flagList() {
			state.Flags = append(state.Flags, string(flag))
		}
		states = append(states, state)
	}
	return slices.Clone(f.msgs), states
}

// WaitFor waits until done returns true for the INBOX of an address, and returns the INBOX. It calls done at once and
// after every change. A mailbox that doesn't exist yet counts as empty.
// Errors: ctx ended or the server was closed first. The last INBOX is returned in that case, too.
func (b *mailboxes) WaitFor(ctx context.Context, address string, done func([]Received) bool) ([]Received, error) {
	return b.WaitForFolder(ctx, address, "INBOX", done)
}

// WaitForFolder is WaitFor for any folder.
func (b *mailboxes) WaitForFolder(
	ctx context.Context, address, name string, done func([]Received) bool,
) ([]Received, error) {
	var mails []Received
	err := b.changes.WaitFor(ctx, func() bool {
		mails = b.Folder(address, name)
		return done(mails)
	})
	if err != nil {
		return mails, fmt.Errorf("mailfake: wait for mail: %w", err)
	}
	return mails, nil
}

// Subscription reads changes in order, at its own pace.
type Subscription = emulator.Subscription[Change]

// Subscribe returns a reader of all later changes in all mailboxes. It need not be closed.
func (b *mailboxes) Subscribe() *Subscription { return b.changes.Subscribe() }

// changedLocked records a change of a folder and wakes everybody who waits for one. uid is 0 for ChangeRemoved.
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

// parsedOnce caches the parsed form of a mail, which is computed when it is first used.
type parsedOnce struct {
	mailOnce, headOnce sync.Once
	mail, head         Received
}

// parsedHead returns the mail without its body. It is much faster than parsedMail.
func (m *message) parsedHead() *Received {
	m.parse.headOnce.Do(func() { m.parse.head = parseReceived(headerOf(m.raw)) })
	return &m.parse.head
}

// parsedMail returns the whole mail.
func (m *message) parsedMail() *Received {
	m.parse.mailOnce.Do(func() { m.parse.mail = parseReceived(m.raw) })
	return &m.parse.mail
}
