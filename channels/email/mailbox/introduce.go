package mailbox

import (
	"errors"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// introduce tells the server which program we are (RFC 2971). NetEase's mailboxes (163.com, 126.com, yeah.net) open no folder before that.
// It must not be called for other servers, because the library ends the connection if it doesn't understand the answer. It ignores a
// failure: then the server refuses the next command, too.
func (s *imapSession) introduce() {
	if s.client.Caps().Has(imap.CapID) {
		_ = s.run(func() error {
			_, err := s.client.ID(&imap.IDData{Name: "Parley", Version: "1.0.0", Vendor: "Parley"}).Wait()
			return err
		})
	}
}

// wantsIntroduction reports whether a server opens no folder because it doesn't know which program we are.
func wantsIntroduction(err error) bool {
	var no *imap.Error
	return errors.As(err, &no) && strings.Contains(strings.ToLower(no.Text), "unsafe login")
}

// examine selects a folder for reading only, so that nothing changes in it. It introduces us if the server wants that.
func (s *imapSession) examine(folder string) (*imap.SelectData, error) {
	readOnly := &imap.SelectOptions{ReadOnly: true}
	data, err := s.selectAs(folder, readOnly)
	if wantsIntroduction(err) && s.wantsIntroduction.CompareAndSwap(false, true) {
		s.introduce()
		data, err = s.selectAs(folder, readOnly)
	}
	return data, err
}

// open selects a folder whose UIDs are going to be stored. It does so for reading only, unless the server doesn't say which UID comes next
// (UIDNEXT). Such a server may not have stored the UIDs that it shows: Courier stores them only when a folder is opened for writing, and
// otherwise numbers the mails anew each time. So there the folder is opened for writing, unless the server refuses that. Neither way
// marks mails as seen, because bodies are fetched by PEEK.
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
	s.selected = "" // if it fails, no folder is selected
	err = s.run(func() (err error) {
		data, err = s.client.Select(folder, options).Wait()
		return err
	})
	if err == nil {
		s.selected = folder
	}
	return data, err
}
