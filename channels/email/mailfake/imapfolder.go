package mailfake

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// This file implements the IMAP commands for folders: CREATE, DELETE, RENAME, SUBSCRIBE, LIST and STATUS.

// Create implements imapserver.Session.
func (ss *session) Create(name string, _ *imap.CreateOptions) error {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	name = strings.TrimRight(name, string(delimiter))
	if ss.acct.findFolder(name) != nil {
		return noError(imap.ResponseCodeAlreadyExists, "Mailbox exists")
	}
	ss.boxes.addFolderLocked(ss.acct, name)
	return nil
}

// Delete implements imapserver.Session.
func (ss *session) Delete(name string) error {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	f := ss.acct.findFolder(name)
	if f == nil {
		return noError(imap.ResponseCodeNonExistent, "No such mailbox")
	}
	if f.name == "INBOX" {
		return noError(imap.ResponseCodeCannot, "INBOX stays")
	}
	ss.boxes.removeLocked(f, func(*message) bool { return true })
	delete(ss.acct.folders, f.name)
	return nil
}

// Rename implements imapserver.Session. It also renames subfolders. INBOX isn't renamed; its mails move to a new folder (RFC
// 3501 section 6.3.5).
func (ss *session) Rename(oldName, newName string, _ *imap.RenameOptions) error {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	newName = strings.TrimRight(newName, string(delimiter))
	if ss.acct.findFolder(newName) != nil {
		return noError(imap.ResponseCodeAlreadyExists, "Mailbox exists")
	}

	if inbox := ss.acct.findFolder(oldName); inbox != nil && inbox.name == "INBOX" {
		ss.boxes.emptyLocked(inbox, ss.boxes.addFolderLocked(ss.acct, newName))
		return nil
	}

	renamed := map[string]*folder{} // by their new names
	for name, f := range ss.acct.folders {
		rest, isBelow := strings.CutPrefix(name, oldName+string(delimiter))
		switch {
		case name == oldName:
			renamed[newName] = f
		case isBelow:
			renamed[newName+string(delimiter)+rest] = f
		}
	}

	if len(renamed) == 0 {
		return noError(imap.ResponseCodeNonExistent, "No such mailbox")
	}
	isBelowItself := strings.HasPrefix(newName, oldName+string(delimiter))
	if isBelowItself || ss.acct.hasAnyLocked(renamed) {
		return noError(imap.ResponseCodeCannot, "Cannot rename")
	}

	for name, f := range renamed {
		delete(ss.acct.folders, f.name)
		f.name = name
		ss.acct.folders[name] = f
	}
	return nil
}

// hasAnyLocked reports whether a mailbox has a folder with one of these names.
func (a *account) hasAnyLocked(names map[string]*folder) bool {
	for name := range names {
		if a.findFolder(name) != nil {
			return true
		}
	}
	return false
}

// emptyLocked moves all mails of a folder to another one.
func (b *mailboxes) emptyLocked(from, to *folder) {
	for _, m := range from.msgs {
		b.appendLocked(to, m.raw, m.at, m.flagList()...)
	}
	b.removeLocked(from, func(*message) bool { return true })
}

// Subscribe implements imapserver.Session.
func (ss *session) Subscribe(name string) error { return ss.subscribe(name, true) }

// Unsubscribe implements imapserver.Session.
func (ss *session) Unsubscribe(name string) error { return ss.subscribe(name, false) }

func (ss *session) subscribe(name string, on bool) error {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	f := ss.acct.findFolder(name)
	if f == nil {
		return noError(imap.ResponseCodeNonExistent, "No such mailbox")
	}
	f.subscribed = on
	return nil
}

// Namespace implements imapserver.SessionNamespace.
func (ss *session) Namespace() (*imap.NamespaceData, error) {
	return &imap.NamespaceData{Personal: []imap.NamespaceDescriptor{{Delim: delimiter}}}, nil
}

// List implements imapserver.Session.
func (ss *session) List(w *imapserver.ListWriter, ref string, patterns []string, options *imap.ListOptions) error {
	h, err := ss.beginCommand(OpLIST)
	if err != nil {
		return err
	}
	if len(patterns) == 0 {
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: delimiter})
	}

	for _, d := range ss.listFolders(ref, patterns, options) {
		if err := w.WriteList(d); err != nil {
			return err
		}
	}
	ss.endCommand(h)
	return nil
}

// listFolders returns the folders for LIST, sorted by name.
func (ss *session) listFolders(ref string, patterns []string, options *imap.ListOptions) []*imap.ListData {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	var out []*imap.ListData
	for _, f := range ss.acct.folders {
		matches := func(p string) bool { return imapserver.MatchList(f.name, delimiter, ref, p) }
		if f.isSelected(options) && slices.ContainsFunc(patterns, matches) {
			out = append(out, f.describeLocked(options))
		}
	}

	isSelection := options.SelectSubscribed || options.SelectSpecialUse
	if !isSelection { // parents that don't exist are neither subscribed nor of special use
		out = append(out, ss.acct.parentsLocked(ref, patterns)...)
	}
	slices.SortFunc(out, func(a, b *imap.ListData) int { return strings.Compare(a.Mailbox, b.Mailbox) })
	return out
}

// isSelected reports whether LIST must show a folder: it may be limited to subscribed or special-use folders.
func (f *folder) isSelected(options *imap.ListOptions) bool {
	lacksSubscription := options.SelectSubscribed && !f.subscribed
	lacksUse := options.SelectSpecialUse && len(f.attrs) == 0
	return !lacksSubscription && !lacksUse
}

// describeLocked returns the LIST data of a folder.
func (f *folder) describeLocked(options *imap.ListOptions) *imap.ListData {
	d := &imap.ListData{Mailbox: f.name, Delim: delimiter, Attrs: slices.Clone(f.attrs)}
	showsSubscription := options.ReturnSubscribed || options.SelectSubscribed
	if f.subscribed && showsSubscription {
		d.Attrs = append(d.Attrs, imap.MailboxAttrSubscribed)
	}
	if options.ReturnStatus != nil {
		d.Status = f.statusLocked(options.ReturnStatus)
	}
	return d
}

// parentsLocked returns the parents that don't exist as folders themselves, such as "a" if there is only "a/b". LIST shows
// them, as not selectable, for patterns that end with % (RFC 3501 section 6.3.8).
func (a *account) parentsLocked(ref string, patterns []string) []*imap.ListData {
	var out []*imap.ListData
	seen := map[string]bool{}
	for name := range a.folders {
		for i, r := range name {
			parent := name[:i]
			isMissing := r == delimiter && a.findFolder(parent) == nil && !seen[parent]
			matches := func(p string) bool {
				return strings.HasSuffix(p, "%") && imapserver.MatchList(parent, delimiter, ref, p)
			}
			if isMissing && slices.ContainsFunc(patterns, matches) {
				seen[parent] = true
				out = append(out, &imap.ListData{Mailbox: parent, Delim: delimiter, Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}})
			}
		}
	}
	return out
}

// Status implements imapserver.Session.
func (ss *session) Status(name string, options *imap.StatusOptions) (*imap.StatusData, error) {
	h, err := ss.beginCommand(OpSTATUS)
	if err != nil {
		return nil, err
	}
	defer ss.endCommand(h)
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	f := ss.acct.findFolder(name)
	if f == nil {
		return nil, noError(imap.ResponseCodeNonExistent, "No such mailbox")
	}
	return f.statusLocked(options), nil
}

func (f *folder) statusLocked(options *imap.StatusOptions) *imap.StatusData {
	var unseen, deleted, recent uint32 // recent stays 0: the flag is obsolete
	var size int64
	for _, m := range f.msgs {
		size += int64(len(m.raw))

		if !m.has(imap.FlagSeen) {
			unseen++
		}
		if m.has(imap.FlagDeleted) {
			deleted++
		}
	}

	d := &imap.StatusData{Mailbox: f.name}
	if options.NumMessages {
		total := uint32(len(f.msgs))
		d.NumMessages = &total
	}
	if options.NumUnseen {
		d.NumUnseen = &unseen
	}
	if options.NumDeleted {
		d.NumDeleted = &deleted
	}
	if options.NumRecent {
		d.NumRecent = &recent
	}
	if options.UIDNext {
		d.UIDNext = f.next
	}
	if options.UIDValidity {
		d.UIDValidity = f.validity
	}
	if options.Size {
		d.Size = &size
	}

	return d
}
