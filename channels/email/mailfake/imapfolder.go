package mailfake

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// This file implements the IMAP commands for folders: LIST and STATUS. Clients can't change folders.

func errFixed() error {
	return noError(imap.ResponseCodeCannot, "The folders of this mailbox can't be changed")
}

// Create implements imapserver.Session.
func (ss *session) Create(string, *imap.CreateOptions) error { return errFixed() }

// Delete implements imapserver.Session.
func (ss *session) Delete(string) error { return errFixed() }

// Rename implements imapserver.Session.
func (ss *session) Rename(string, string, *imap.RenameOptions) error { return errFixed() }

// Subscribe implements imapserver.Session.
func (ss *session) Subscribe(string) error { return errFixed() }

// Unsubscribe implements imapserver.Session.
func (ss *session) Unsubscribe(string) error { return errFixed() }

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

	if !options.SelectSubscribed && !options.SelectSpecialUse { // parents that don't exist are neither
		out = append(out, ss.acct.parentsLocked(ref, patterns)...)
	}
	slices.SortFunc(out, func(a, b *imap.ListData) int { return strings.Compare(a.Mailbox, b.Mailbox) })
	return out
}

// isSelected reports whether LIST must show a folder: it may be limited to those of special use.
func (f *folder) isSelected(options *imap.ListOptions) bool {
	return !options.SelectSpecialUse || len(f.attrs) > 0
}

// describeLocked returns the LIST data of a folder.
func (f *folder) describeLocked(options *imap.ListOptions) *imap.ListData {
	d := &imap.ListData{Mailbox: f.name, Delim: delimiter, Attrs: slices.Clone(f.attrs)}
	showsSubscription := options.ReturnSubscribed || options.SelectSubscribed
	if showsSubscription {
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
