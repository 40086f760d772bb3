package mailbox

import (
	"errors"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// This file opens folders. Two kinds of servers need special treatment: NetEase wants to know the client program
// first, and Courier has stable UIDs only in folders that are opened for writing.

// introduce sends an ID command (RFC 2971), which names our program. NetEase (163.com, 126.com, yeah.net) requires it
// before a folder is opened. It must not be called for other servers, because the library closes the connection if it
// doesn't understand the response. A failure is ignored: the server then refuses the next command, too.
func (s *imapSession) introduce() {
	if s.client.Caps().Has(imap.CapID) {
		_ = s.run(func() error {
			_, err := s.client.ID(&imap.IDData{Name: "Parley", Version: "1.0.0", Vendor: "Parley"}).Wait()
			return err
		})
	}
}

// wantsIntroduction reports whether a server refused to open a folder because it requires an ID command.
func wantsIntroduction(err error) bool {
	var no *imap.Error
	return errors.As(err, &no) && strings.Contains(strings.ToLower(no.Text), "unsafe login")
}

// examine selects a folder read-only, after an ID command if the server requires it.
func (s *imapSession) examine(folder string) (*imap.SelectData, error) {
	readOnly := &imap.SelectOptions{ReadOnly: true}
	data, err := s.selectAs(folder, readOnly)
	if wantsIntroduction(err) && s.wantsIntroduction.CompareAndSwap(false, true) {
		s.introduce()
		data, err = s.selectAs(folder, readOnly)
	}
	return data, err
}

// open selects a folder whose UIDs will be stored. It selects the folder read-only, unless the server doesn't return
// UIDNEXT. Such a server may be Courier, which assigns permanent UIDs only when a folder is opened for writing; so open
// selects the folder for writing, if the server allows it. Either way mails stay unread: bodies are fetched with PEEK.
func (s *imapSession) open(folder string) (*imap.SelectData, error) {
	data, err := s.examine(folder)
	if err != nil || data.UIDNext != 0 {
		return data, err
	}
	data, err = s.selectAs(folder, nil)
	if isRefusal(err) {
		return s.examine(folder)
	}
	return data, err
}

func (s *imapSession) selectAs(folder string, options *imap.SelectOptions) (data *imap.SelectData, err error) {
	s.selected = "" // a failed SELECT leaves no folder selected
	err = s.run(func() (err error) {
		data, err = s.client.Select(folder, options).Wait()
		return err
	})
	if err == nil {
		s.selected = folder
	}
	return data, err
}
