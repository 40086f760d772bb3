package mailfake

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels/emulator"
)

// ErrNoMailbox is returned for an address or folder that has no mailbox here.
var ErrNoMailbox = errors.New("mailfake: no such mailbox")

// MailboxConfig is one mailbox with its login and the habits of its provider.
type MailboxConfig struct {
	// Address receives; Address plus +anything does too.
	Address string `json:"address"`
	Name    string `json:"name,omitempty"`
	// Username logs in, as does Address. Default: Address.
	Username string   `json:"username,omitempty"`
	Password string   `json:"-"`
	Tokens   []string `json:"-"` // access tokens that XOAUTH2 takes
	Aliases  []string `json:"aliases,omitempty"`
	// SentFolder carries the \Sent attribute. Default: Sent.
	SentFolder string `json:"sent_folder,omitempty"`
	// Folders are made beside INBOX and SentFolder.
	Folders []string `json:"folders,omitempty"`
	// SaveToSent stores submitted mail in SentFolder, as Gmail and Microsoft 365 do.
	SaveToSent bool `json:"save_to_sent,omitempty"`
	// RewriteMessageID replaces the Message-ID of submitted mail, as Microsoft 365 may.
	RewriteMessageID bool `json:"rewrite_message_id,omitempty"`
	// StripHeaders removes our X- headers from what leaves, though not from the copy in SentFolder, as Outlook.com does.
	StripHeaders bool `json:"strip_headers,omitempty"`
	// StrictSender refuses other MAIL FROM addresses with 550 5.7.60.
	StrictSender bool `json:"strict_sender,omitempty"`
}

// account is one mailbox. Its fields, and those of folder, are under the lock of ground.
type account struct {
	address  string // never changes
	cfg      MailboxConfig
	customer bool               // it was opened for a customer, not configured
	folders  map[string]*folder // by name
	auto     *AutoReply         // nil if it doesn't reply by itself
	answered map[string]int     // how many automatic answers each sender got
}

// folder is a folder of a mailbox. IMAP numbers its mails by UID. A new UIDVALIDITY means that all UIDs have changed.
type folder struct {
	acct       *account
	name       string
	attrs      []imap.MailboxAttr
	subscribed bool
	validity   uint32        // UIDVALIDITY
	next       imap.UID      // of the next mail
	msgs       []*message    // by uid
	edits      int           // counts flag changes and removals, so that views know that there are some
	changed    chan struct{} // closed and replaced at each change
}

// message is one mail in one folder. uid, raw and at never change; the rest is under the lock of ground.
type message struct {
	uid     imap.UID
	raw     []byte
	at      time.Time
	flags   map[string]imap.Flag // by lower case
	version int                  // raised when flags change
	gone    bool                 // expunged, perhaps not yet told to every client
	parse   parsedOnce
}

func (m *message) flagList() []imap.Flag { return slices.Sorted(maps.Values(m.flags)) }

func (m *message) has(f imap.Flag) bool {
	_, ok := m.flags[strings.ToLower(string(f))]
	return ok
}

func (m *message) setFlag(f imap.Flag, on bool) {
	key := strings.ToLower(string(f))
	if _, has := m.flags[key]; has == on {
		return
	}
	if on {
		m.flags[key] = f
	} else {
		delete(m.flags, key)
	}
	m.version++
}

// checkFlags refuses system flags that a client cannot set, such as \Recent. Other flags may have any name.
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

// mailboxes are all mailboxes of the world, with their folders and mails.
type mailboxes struct {
	*ground  // with the lock, mu
	changes  *emulator.Changes[Change]
	accounts map[string]*account // by lower-case address
	aliases  map[string]*account
	validity uint32 // the last UIDVALIDITY that was given
}

// resetLocked leaves only the configured mailboxes, empty.
func (b *mailboxes) resetLocked() {
	b.accounts, b.aliases = map[string]*account{}, map[string]*account{}
	for _, cfg := range b.opts.Mailboxes {
		b.addAccountLocked(cfg)
	}
}

// isHosted reports whether the address is at a domain of a configured mailbox.
func (b *mailboxes) isHosted(address string) bool {
	return slices.ContainsFunc(b.opts.Mailboxes, func(cfg MailboxConfig) bool {
		return strings.EqualFold(domainOf(cfg.Address), domainOf(address))
	})
}

// AddMailbox adds a company mailbox while the server runs, until Reset; its domain counts
// as hosted only if a configured mailbox has it too. Errors: the address exists or is malformed.
func (b *mailboxes) AddMailbox(cfg MailboxConfig) error {
	if _, err := mail.ParseAddress(cfg.Address); err != nil {
		return fmt.Errorf("mailfake: mailbox %q: %w", cfg.Address, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.findLocked(cfg.Address) != nil {
		return fmt.Errorf("mailfake: mailbox %q: exists", cfg.Address)
	}
	b.addAccountLocked(cfg)
	return nil
}

// SetMailbox changes the settings of a mailbox: password, tokens, habits. Its address,
// aliases and folders stay. Reset undoes it. Errors: ErrNoMailbox.
func (b *mailboxes) SetMailbox(address string, change func(*MailboxConfig)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.findLocked(address)
	if a == nil {
		return ErrNoMailbox
	}
	before := a.cfg
	change(&a.cfg)
	a.cfg.Address = before.Address // these can't change
	a.cfg.SentFolder = before.SentFolder
	a.cfg.Aliases = before.Aliases
	return nil
}

// addCustomerLocked opens the mailbox of a customer.
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

// addFolderLocked makes a folder whose UIDVALIDITY no folder here ever had.
func (b *mailboxes) addFolderLocked(a *account, name string) *folder {
	b.validity++
	f := &folder{acct: a, name: name, validity: b.validity, next: 1, subscribed: true, changed: make(chan struct{})}
	a.folders[name] = f
	return f
}

// findLocked finds the mailbox that receives for an address: exact, alias, or without its +detail.
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

// findLoginLocked finds the mailbox that a login name opens.
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

// addressOf is the address of the mailbox that a login name opens, or the name itself.
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

// appendLocked stores a mail and wakes everybody who waits for the folder.
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
		} else {
			kept = append(kept, m)
		}
	}

	hasRemoved := len(kept) < len(f.msgs)
	f.msgs = kept
	if hasRemoved {
		b.changedLocked(f, 0, ChangeRemoved)
	}
}

// renumberLocked gives a folder a new UIDVALIDITY and its mails new UIDs from 1.
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
