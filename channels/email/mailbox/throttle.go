package mailbox

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels/email/rawmail"
)

// isThrottled reports whether the server refused a command because it was asked too much: Gmail says OVERQUOTA, Microsoft says that the
// request is throttled. Answers that may be about a single mail, such as SERVERBUG, don't count: if a server gave one for the same mail
// for ever, no other mail would come.
func isThrottled(err error) bool {
	var no *imap.Error
	if !isRefusal(err) || !errors.As(err, &no) {
		return false
	}

	switch no.Code {
	case imap.ResponseCodeOverQuota, imap.ResponseCodeLimit, imap.ResponseCodeInUse:
		return true
	}
	words := strings.ToLower(string(no.Code) + " " + no.Text)
	return slices.ContainsFunc([]string{"throttled", "bandwidth", "too many"}, func(word string) bool {
		return strings.Contains(words, word)
	})
}

// In how many sessions in a row a server may refuse everything before the mail at which that happens is quarantined (see Run). There is a
// bound because the mail with which judgeRefusal compares may be a bad one, too, and because isThrottled may misread an answer about a
// single mail, such as "too many parts".
const (
	maxThrottles = 300 // with the waits between sessions somewhat more than a day, for which Gmail's limits may hold
	maxRefusals  = 12  // some twenty minutes

	// maxRefusalsOfOnly is for a folder's only mail, which can't be compared with another one. So many sessions take longer than a server's
	// restart, some half a minute, but don't delay the next mail much.
	maxRefusalsOfOnly = 5
)

// judgeRefusal decides, after the server refused a mail, whether the session must end: it does if the server refuses another mail, too, so
// that this mail isn't the cause. judgeRefusal counts a session that ends.
func (t *batchFetch) judgeRefusal(uid imap.UID, refusal error) (endSession bool) {
	isThrottling := isThrottled(refusal)
	wasQuarantined := t.folder.quarantined[uid]
	if t.folder.isGivenUp(refusal) {
		return false
	}
	if wasQuarantined && !isThrottling { // it was only tried once more, and is the likely cause
		return false
	}

	other, err := t.session.otherMail(uid, t.folder.quarantined)
	switch {
	case err != nil: // the server doesn't let us look for one, either
	case other == 0: // there is no mail to compare it with
		isPatienceOver := !isThrottling && t.folder.refusals >= maxRefusalsOfOnly
		if wasQuarantined || isPatienceOver {
			return false
		}
	default:
		if _, err := t.session.fetchSet(imap.UIDSetNum(other), headerItems(), rawmail.MaxHeaderBytes); err == nil {
			return false // the server hands out the other mail
		}
	}

	return t.folder.countRefusal(refusal)
}

// microsoftsWait matches how Microsoft's servers say in milliseconds how long they want to be left alone.
var microsoftsWait = regexp.MustCompile(`(?i)backoff time: (\d{1,9}) milliseconds`)

// suggestedWait returns how long a server wants to be left alone, or 0 if it doesn't say:
// "Request is throttled. Suggested Backoff Time: 299910 milliseconds".
func suggestedWait(err error) time.Duration {
	var no *imap.Error
	if !errors.As(err, &no) {
		return 0
	}
	found := microsoftsWait.FindStringSubmatch(no.Text)
	if found == nil {
		return 0
	}
	milliseconds, _ := strconv.Atoi(found[1]) // can't fail: at most nine digits
	return time.Duration(milliseconds) * time.Millisecond
}
