package mailfake

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels/emulator"
)

// This file holds the mailboxes of the fake mail server in memory: accounts, their folders, and the messages in them. The
// IMAP side (imap*.go) shows them to clients, the SMTP side (deliver.go) adds messages. A single lock guards all of them:
// ground.mu, where ground is the state that all parts of the server share. Functions with the suffix Locked must be
// called with the lock held.

// ErrNoMailbox is returned for an unknown address or folder.
var ErrNoMailbox = errors.New("mailfake: no such mailbox")

// MailboxConfig configures one mailbox: its login and the behaviour of its provider.
type MailboxConfig struct {
	// Address receives mail, and so does Address with any +detail.
	Address string `json:"address"`
	Name    string `json:"name,omitempty"`
	// Username is a second login name besides Address. Default: Address.
	Username string   `json:"username,omitempty"`
	Password string   `json:"-"`
	Tokens   []string `json:"-"` // access tokens for XOAUTH2
	Aliases  []string `json:"aliases,omitempty"`
	// SentFolder has the \Sent attribute. Default: Sent.
	SentFolder string `json:"sent_folder,omitempty"`
	// Folders are created in addition to INBOX and SentFolder.
	Folders []string `json:"folders,omitempty"`
	// SaveToSent stores submitted mail in SentFolder, as Gmail and Microsoft 365 do.
	SaveToSent bool `json:"save_to_sent,omitempty"`
	// RewriteMessageID replaces the Message-ID of submitted mail, as Microsoft 365 may.
	RewriteMessageID bool `json:"rewrite_message_id,omitempty"`
	// StripHeaders removes X- headers from outgoing mail, but not from the copy in SentFolder, as Outlook.com does.
	StripHeaders bool `json:"strip_headers,omitempty"`
	// StrictSender refuses other MAIL FROM addresses with 550 5.7.60.
	StrictSender bool `json:"strict_sender,omitempty"`
}

// account is one mailbox. Its fields, and those of folder, are guarded by ground.mu.
type account struct {
	address  string // immutable
	cfg      MailboxConfig
	customer bool               // it was created for a customer, not configured
	folders  map[string]*folder // by name
	auto     *AutoReply         // nil if there are no automatic replies
	answered map[string]int     // automatic replies sent, by recipient
}

// folder is a folder of a mailbox. IMAP numbers its mails by UID. A new UIDVALIDITY means that all UIDs have changed.
type folder struct {
	acct     *account
	name     string
	attrs    []imap.MailboxAttr
	validity uint32        // UIDVALIDITY
	next     imap.UID      // the UID of the next mail
	msgs     []*message    // in the order of UIDs
	edits    int           // counts flag changes and removals, so that clients' views detect them
	changed  chan struct{} // closed and replaced at each change
}

// message is one mail in one folder. uid, raw and at are immutable; the rest is guarded by ground.mu.
type message struct {
	uid     imap.UID
	raw     []byte
	at      time.Time
	flags   map[string]imap.Flag // by their lower-case names
	version int                  // incremented when flags change
	gone    bool                 // expunged; some clients may not know it yet
	parse   parsedOnce
}

func (m *message) flagList() []imap.Flag { return slices.Sorted(maps.Values(m.flags)) }

func (m *message) has(f imap.Flag) bool {
	_, ok := m.flags[strings.ToLower(string(f))]
	return ok
}

func (m *message) setFlag(f imap.Flag, on bool) {
	key := strings.ToLower(string(f))
	if _, isOn := m.flags[key]; isOn == on {
		return
	}
	m.version++
	if on {
		m.flags[key] = f
		return
	}
	delete(m.flags, key)
}

// checkFlags rejects system flags that a client can't set, such as \Recent. Other flags may have any name.
func checkFlags(flags []imap.Flag) error {
	system := []imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft}
	for _, f := range flags {
		isKnown := slices.ContainsFunc(system, func(s imap.Flag) bool { return strings.EqualFold(string(s), string(f)) })
		if strings.HasPrefix(string(f), `\`) && !isKnown {
			return badError("Invalid system flag " + string(f))
		}
	}
	return nil
}

// mailboxes are all mailboxes of the server.
type mailboxes struct {
	*ground  // has the lock, mu
	changes  *emulator.Changes[Change]
	accounts map[string]*account // by lower-case address
	aliases  map[string]*account // by lower-case address
	validity uint32              // the last UIDVALIDITY that was assigned
}

// resetLocked replaces all mailboxes by the configured ones, which are empty.
func (b *mailboxes) resetLocked() {
	b.accounts, b.aliases = map[string]*account{}, map[string]*account{}
	for _, cfg := range b.opts.Mailboxes {
		b.addAccountLocked(cfg)
	}
}

// isHosted reports whether a configured mailbox has the domain of an address.
func (b *mailboxes) isHosted(address string) bool {
	return slices.ContainsFunc(b.opts.Mailboxes, func(cfg MailboxConfig) bool {
		return strings.EqualFold(domainOf(cfg.Address), domainOf(address))
	})
}

// SetMailbox changes the configuration of a mailbox until Reset. It ignores changes of the address, the aliases and the
// Sent folder. The error is ErrNoMailbox.
func (b *mailboxes) SetMailbox(address string, change func(*MailboxConfig)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.findLocked(address)
	if a == nil {
		return ErrNoMailbox
	}
	before := a.cfg
	change(&a.cfg)
	a.cfg.Address = before.Address
	a.cfg.SentFolder = before.SentFolder
	a.cfg.Aliases = before.Aliases
	return nil
}

// addCustomerLocked creates the mailbox of a customer.
func (b *mailboxes) addCustomerLocked(cfg MailboxConfig) *account {
	a := b.addAccountLocked(cfg)
	a.customer = true
	return a
}

func (b *mailboxes) addAccountLocked(cfg MailboxConfig) *account {
	cfg.Username = cmp.Or(cfg.Username, cfg.Address)
	cfg.SentFolder = cmp.Or(cfg.SentFolder, "Sent")
	a := &account{address: cfg.Address, cfg: cfg, folders: map[string]*folder{}}
	b.addFolderLocked(a, "INBOX")
	b.addFolderLocked(a, cfg.SentFolder).attrs = []imap.MailboxAttr{imap.MailboxAttrSent}
	for _, name := range cfg.Folders {
		b.addFolderLocked(a, name)
	}
	b.accounts[strings.ToLower(cfg.Address)] = a
	for _, alias := range cfg.Aliases {
		b.aliases[strings.ToLower(alias)] = a
	}
	return a
}

// addFolderLocked creates a folder with a unique UIDVALIDITY.
func (b *mailboxes) addFolderLocked(a *account, name string) *folder {
	b.validity++
	f := &folder{acct: a, name: name, validity: b.validity, next: 1, changed: make(chan struct{})}
	a.folders[name] = f
	return f
}

// findLocked returns the mailbox that receives mail for an address, which may be an alias or have a +detail. It returns
// nil if there is none.
func (b *mailboxes) findLocked(address string) *account {
	key := strings.ToLower(address)
	for range 2 {
		if a := b.accounts[key]; a != nil {
			return a
		}
		if a := b.aliases[key]; a != nil {
			return a
		}
		key = strings.ToLower(withoutDetail(address))
	}
	return nil
}

// findLoginLocked returns the mailbox with a login name, or nil.
func (b *mailboxes) findLoginLocked(username string) *account {
	if a := b.accounts[strings.ToLower(username)]; a != nil {
		return a
	}
	for _, a := range b.accounts {
		if strings.EqualFold(a.cfg.Username, username) {
			return a
		}
	}
	return nil
}

// addressOf returns the address of the mailbox with a login name. For an unknown name it returns the name.
func (b *mailboxes) addressOf(username string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.findLoginLocked(username); a != nil {
		return a.address
	}
	return username
}

// findFolder returns a folder, or nil. INBOX may be written in any case.
func (a *account) findFolder(name string) *folder {
	if strings.EqualFold(name, "INBOX") {
		name = "INBOX"
	}
	return a.folders[name]
}

// appendLocked adds a mail to a folder and wakes all clients that wait for changes.
func (b *mailboxes) appendLocked(f *folder, raw []byte, at time.Time, flags ...imap.Flag) *message {
	m := &message{uid: f.next, raw: raw, at: at, flags: map[string]imap.Flag{}}
	for _, flag := range flags {
		m.setFlag(flag, true)
	}
	f.next++
	f.msgs = append(f.msgs, m)
	b.changedLocked(f, m.uid, ChangeAdded)
	return m
}

// removeLocked expunges the mails for which drop is true.
func (b *mailboxes) removeLocked(f *folder, drop func(*message) bool) {
	kept := make([]*message, 0, len(f.msgs))
	for _, m := range f.msgs {
		if drop(m) {
			m.gone = true
			continue
		}
		kept = append(kept, m)
	}

	hasRemoved := len(kept) < len(f.msgs)
	f.msgs = kept
	if hasRemoved {
		b.changedLocked(f, 0, ChangeRemoved)
	}
}

// renumberLocked gives a folder a new UIDVALIDITY and its mails new UIDs, starting at 1.
func (b *mailboxes) renumberLocked(f *folder) {
	b.validity++
	f.validity = b.validity
	f.next = 1
	for i, m := range f.msgs {
		f.msgs[i] = &message{uid: f.next, raw: m.raw, at: m.at, flags: m.flags}
		f.next++
	}
	b.changedLocked(f, 0, ChangeRemoved)
}

func (b *mailboxes) folderLocked(address, name string) (*folder, error) {
	a := b.findLocked(address)
	if a == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoMailbox, address)
	}
	f := a.findFolder(name)
	if f == nil {
		return nil, fmt.Errorf("%w: folder %s of %s", ErrNoMailbox, name, address)
	}
	return f, nil
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// withoutDetail turns box+detail@domain into box@domain.
func withoutDetail(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	box, _, _ := strings.Cut(address[:at], "+")
	return box + address[at:]
}
