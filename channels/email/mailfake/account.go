package mailfake

import (
	"errors"
	"fmt"
	"net/mail"
	"sort"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
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
	// StrictSender refuses other MAIL FROM addresses with 550 5.7.60.
	StrictSender bool `json:"strict_sender,omitempty"`
}

type account struct {
	address  string // never changes
	cfg      MailboxConfig
	customer bool
	folders  map[string]*folder
	changed  chan struct{} // closed and replaced at every change
	auto     *AutoReply    // nil: none
	answered map[string]int
}

type folder struct {
	acct       *account
	name       string
	attrs      []imap.MailboxAttr
	subscribed bool
	validity   uint32
	next       imap.UID
	msgs       []*message // by uid
	spoilt     int        // counts flag changes and removals, which views must look for
	changed    chan struct{}
}

// message is one mail in one folder. raw never changes; the rest is under Server.mu.
type message struct {
	uid     imap.UID
	raw     []byte
	at      time.Time
	flags   map[string]imap.Flag // by lower case
	version int                  // raised when flags change
	gone    bool                 // expunged, perhaps not yet told to every client
	parse   parsedOnce
}

func (m *message) flagList() []imap.Flag {
	out := make([]imap.Flag, 0, len(m.flags))
	for _, f := range m.flags {
		out = append(out, f)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

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

// AddMailbox adds a company mailbox while the server runs, until Reset; its domain counts
// as hosted only if a configured mailbox has it too. Errors: the address exists or is malformed.
func (s *Server) AddMailbox(cfg MailboxConfig) error {
	if _, err := mail.ParseAddress(cfg.Address); err != nil {
		return fmt.Errorf("mailfake: mailbox %q: %w", cfg.Address, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.findLocked(cfg.Address) != nil {
		return fmt.Errorf("mailfake: mailbox %q: exists", cfg.Address)
	}
	s.addAccountLocked(cfg, false)
	return nil
}

// SetMailbox changes the settings of a mailbox: password, tokens, habits. Its address,
// aliases and folders stay. Reset undoes it. Errors: ErrNoMailbox.
func (s *Server) SetMailbox(address string, change func(*MailboxConfig)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.findLocked(address)
	if a == nil {
		return ErrNoMailbox
	}
	keep := a.cfg
	change(&a.cfg)
	a.cfg.Address, a.cfg.SentFolder, a.cfg.Aliases = keep.Address, keep.SentFolder, keep.Aliases
	return nil
}

func (s *Server) addAccountLocked(cfg MailboxConfig, customer bool) *account {
	if cfg.Username == "" {
		cfg.Username = cfg.Address
	}
	if cfg.SentFolder == "" {
		cfg.SentFolder = "Sent"
	}
	a := &account{address: cfg.Address, cfg: cfg, customer: customer, folders: map[string]*folder{}, changed: make(chan struct{})}
	s.addFolderLocked(a, "INBOX")
	s.addFolderLocked(a, cfg.SentFolder).attrs = []imap.MailboxAttr{imap.MailboxAttrSent}
	for _, name := range cfg.Folders {
		s.addFolderLocked(a, name)
	}
	s.accounts[strings.ToLower(cfg.Address)] = a
	for _, alias := range cfg.Aliases {
		s.aliases[strings.ToLower(alias)] = a
	}
	return a
}

// addFolderLocked makes a folder whose UIDVALIDITY no folder here ever had.
func (s *Server) addFolderLocked(a *account, name string) *folder {
	s.validity++
	f := &folder{acct: a, name: name, validity: s.validity, next: 1, subscribed: true, changed: make(chan struct{})}
	a.folders[name] = f
	return f
}

// findLocked finds the mailbox that receives for an address: exact, alias, or without
// its +detail.
func (s *Server) findLocked(address string) *account {
	key := strings.ToLower(address)
	for range 2 {
		if a := s.accounts[key]; a != nil {
			return a
		}
		if a := s.aliases[key]; a != nil {
			return a
		}
		key = strings.ToLower(withoutDetail(address))
	}
	return nil
}

// loginLocked finds the mailbox that a login name opens.
func (s *Server) loginLocked(username string) *account {
	if a := s.accounts[strings.ToLower(username)]; a != nil {
		return a
	}
	for _, a := range s.accounts {
		if strings.EqualFold(a.cfg.Username, username) {
			return a
		}
	}
	return nil
}

// addressOf is the address of the mailbox that a login name opens, or the name itself.
func (s *Server) addressOf(username string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.loginLocked(username); a != nil {
		return a.address
	}
	return username
}

// folder finds a folder; INBOX in any case.
func (a *account) folder(name string) *folder {
	if strings.EqualFold(name, "INBOX") {
		name = "INBOX"
	}
	return a.folders[name]
}

// appendLocked stores a mail and wakes everybody who waits for the folder.
func (s *Server) appendLocked(f *folder, raw []byte, at time.Time, flags ...imap.Flag) *message {
	m := &message{uid: f.next, raw: raw, at: at, flags: map[string]imap.Flag{}}
	for _, flag := range flags {
		m.setFlag(flag, true)
	}
	f.next++
	f.msgs = append(f.msgs, m)
	s.changedLocked(f, m.uid, ChangeAdded)
	return m
}

// removeLocked expunges the mails for which drop is true and returns how many.
func (s *Server) removeLocked(f *folder, drop func(*message) bool) int {
	kept := make([]*message, 0, len(f.msgs))
	for _, m := range f.msgs {
		if drop(m) {
			m.gone = true
		} else {
			kept = append(kept, m)
		}
	}
	n := len(f.msgs) - len(kept)
	f.msgs = kept
	if n > 0 {
		s.changedLocked(f, 0, ChangeRemoved)
	}
	return n
}

// ChangeUIDValidity gives a folder a new UIDVALIDITY and its mails new UIDs from 1, and
// hangs up on the clients that have it open. Errors: ErrNoMailbox.
func (s *Server) ChangeUIDValidity(address, folderName string) error {
	s.mu.Lock()
	f, err := s.folderLocked(address, folderName)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	open := s.renumberLocked(f)
	s.mu.Unlock()
	for _, ss := range open {
		_ = ss.fc.Close()
	}
	return nil
}

// renumberLocked does it and returns the sessions that have the folder open.
func (s *Server) renumberLocked(f *folder) []*session {
	s.validity++
	f.validity = s.validity
	f.next = 1
	for i, m := range f.msgs {
		f.msgs[i] = &message{uid: f.next, raw: m.raw, at: m.at, flags: m.flags}
		f.next++
	}
	s.changedLocked(f, 0, ChangeRemoved)
	var open []*session
	for ss := range s.sessions {
		if ss.view != nil && ss.view.folder == f {
			open = append(open, ss)
		}
	}
	return open
}

// Disconnect says BYE to every IMAP client that is logged in to the mailbox.
func (s *Server) Disconnect(address string) {
	s.mu.Lock()
	var open []*session
	for ss := range s.sessions {
		if ss.acct != nil && strings.EqualFold(ss.acct.address, address) {
			open = append(open, ss)
		}
	}
	s.mu.Unlock()
	for _, ss := range open {
		_ = ss.conn.Bye("Server shutting down")
	}
}

func (s *Server) folderLocked(address, name string) (*folder, error) {
	a := s.findLocked(address)
	if a == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoMailbox, address)
	}
	f := a.folder(name)
	if f == nil {
		return nil, fmt.Errorf("%w: folder %s of %s", ErrNoMailbox, name, address)
	}
	return f, nil
}

func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}

// withoutDetail turns box+detail@domain into box@domain.
func withoutDetail(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	box, _, _ := strings.Cut(address[:at], "+")
	return box + address[at:]
}
