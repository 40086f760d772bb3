package mailbox

import (
	"errors"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// introduce says which program we are (RFC 2971). NetEase's mailboxes (163.com, 126.com, yeah.net) open no folder before that.
// Other servers aren't told: the library ends the connection where it doesn't understand the answer.
// A failure isn't told: it shows in what is refused next.
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

// examine selects a folder for reading only, so that no mail is marked as seen. It introduces us if the server wants that.
func (s *imapSession) examine(folder string) (*imap.SelectData, error) {
	data, err := s.tryToExamine(folder)
	if wantsIntroduction(err) && s.wantsIntroduction.CompareAndSwap(false, true) {
		s.introduce()
		data, err = s.tryToExamine(folder)
	}
	return data, err
}

func (s *imapSession) tryToExamine(folder string) (*imap.SelectData, error) {
	var data *imap.SelectData
	s.selected = "" // if it fails, no folder is selected
	err := s.run(func() (err error) {
		data, err = s.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
	if err == nil {
		s.selected = folder
	}
	return data, err
}
