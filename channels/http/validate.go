package http

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// This file validates events before they are stored. An event that could not be read or answered later is
// rejected at once, in words for the developers of the sender.

// checkKind validates the fields that depend on the event's type.
func checkKind(e Event) error {
	switch e.Type {
	case "message":
		if strings.TrimSpace(e.Text) == "" && len(e.Files) == 0 {
			return errors.New("text and attachments are both empty")
		}
	case "edit":
		if strings.TrimSpace(e.Text) == "" {
			return errors.New("text is empty; a message is taken back with delete")
		}
	case "status":
		if !slices.Contains([]string{"delivered", "read", "failed"}, e.State) {
			return errors.New("state is none of delivered, read, failed")
		}
		return checkID("message", e.Message)
	}

	if e.Type != "message" {
		if err := checkID("target", e.Target); err != nil {
			return err
		}
	}

	if utf8.RuneCountInString(e.Text) > maxText {
		return fmt.Errorf("text is longer than %d characters", maxText)
	}

	isTooLong := len(e.Emoji) > maxEmoji || len(e.Chosen) > maxURL || len(e.ReplyTo) > maxURL
	if isTooLong {
		return errors.New("emoji, chosen or reply_to is too long")
	}

	return checkFiles(e.Files)
}

// checkFiles validates the attachments of an event.
func checkFiles(files []File) error {
	if len(files) > maxFiles {
		return fmt.Errorf("there are more than %d attachments", maxFiles)
	}

	for i, f := range files {
		hasContent := f.Content != nil
		hasURL := f.URL != ""
		if hasContent == hasURL {
			return fmt.Errorf("attachments[%d] needs either content or url", i)
		}
	}

	return nil
}

// The years that an event may have. Earlier times come from programs without a clock, and some later ones
// can't be stored.
const (
	firstYear = 1980
	lastYear  = 9000
)

// isPossibleTime reports whether an event may have this time. The zero time means that the event has none.
func isPossibleTime(at time.Time) bool {
	year := at.UTC().Year()
	return at.IsZero() || firstYear <= year && year <= lastYear
}

// checkAddresses checks that the attachments of a new event may be fetched with the account's settings. Fetch
// checks again, because the settings may change in the meantime.
func (c *Channel) checkAddresses(e Event) error {
	if e.Type == "status" { // it has no attachments
		return nil
	}
	for i, f := range e.Files {
		if f.URL != "" && !c.mayFetchFrom(f.URL) {
			return fmt.Errorf("attachments[%d].url isn't an https address of at most %d bytes", i, maxURL)
		}
	}
	return nil
}

// mayFetchFrom parses an address and reports whether files may be fetched from it.
func (c *Channel) mayFetchFrom(address string) bool {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL {
		return false
	}
	return c.mayFetch(u)
}

// checkID validates an id. The error names the field.
func checkID(field, id string) error {
	if fault := whyBadID(id); fault != "" {
		return errors.New(field + " " + fault)
	}
	return nil
}

// whyBadID returns what is wrong with an id, or "".
func whyBadID(id string) string {
	if id == "" {
		return "is missing"
	}
	if utf8.RuneCountInString(id) > maxName || len(id) > 2*maxName {
		return fmt.Sprintf("is longer than %d characters or %d bytes", maxName, 2*maxName)
	}
	isBad := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
	if strings.TrimSpace(id) != id || strings.ContainsFunc(id, isBad) {
		return "has blanks around it or control characters"
	}
	return ""
}
