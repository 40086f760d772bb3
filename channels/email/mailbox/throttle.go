package mailbox

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels/email/message"
)

// This file decides what to do if a server refuses to hand out a mail. The cause may be the mail itself, which must then
// be skipped. Or the server refuses everything at the moment, for example because there were too many requests; then
// Parley must wait, because skipping would lose mail. To find out, it requests another mail (judgeRefusal).

// isThrottled reports whether the server refused a command because of too many requests: Gmail responds OVERQUOTA,
// Microsoft "Request is throttled". Responses that may concern a single mail, such as SERVERBUG, don't count: a mail that
// always causes one would block all others.
func isThrottled(err error) bool {
	var no *imap.Error
	if !isRefusal(err) || !errors.As(err, &no) {
		return false
	}

	switch no.Code {
	case imap.ResponseCodeOverQuota, imap.ResponseCodeLimit, imap.ResponseCodeInUse:
		return true
	}
	text := strings.ToLower(string(no.Code) + " " + no.Text)
	return slices.ContainsFunc([]string{"throttled", "bandwidth", "too many"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}

// In how many sessions in a row a server may refuse everything before the current mail is quarantined, which means that it
// is skipped and reported. Without a maximum, two bad mails could block the folder, and so could a response that
// isThrottled misinterprets, such as "too many parts".
const (
	maxThrottles = 300 // including the waits between sessions, about a day, which is how long Gmail's limits may last
	maxRefusals  = 12  // some twenty minutes

	// maxRefusalsOfOnly is for the only mail of a folder, which can't be compared with another one. It takes longer than
	// the restart of a server, some half a minute, but doesn't delay the next mail much.
	maxRefusalsOfOnly = 5
)

// judgeRefusal reports whether the session must end after the server refused a mail: it must if the server refuses another
// mail, too, so that this mail isn't the cause. judgeRefusal counts a session that ends.
func (b *batchFetch) judgeRefusal(uid imap.UID, refusal error) (endSession bool) {
	isThrottling := isThrottled(refusal)
	wasQuarantined := b.folder.quarantined[uid]
	if b.folder.isGivenUp(refusal) {
		return false
	}
	if wasQuarantined && !isThrottling { // the mail is the likely cause
		return false
	}

	other, err := b.session.otherMail(uid, b.folder.quarantined)
	switch {
	case err != nil:
		// The server refuses the search, too.
	case other == 0: // there is no other mail
		isPatienceOver := !isThrottling && b.folder.refusals >= maxRefusalsOfOnly
		if wasQuarantined || isPatienceOver {
			return false
		}
	default:
		if _, err := b.session.fetchSet(imap.UIDSetNum(other), headerItems(), message.MaxHeaderBytes); err == nil {
			return false // the server returns the other mail
		}
	}

	return b.folder.countRefusal(refusal)
}

// backoffTime matches the wait that Microsoft's servers suggest.
var backoffTime = regexp.MustCompile(`(?i)backoff time: (\d{1,9}) milliseconds`)

// suggestedWait returns the wait that a server suggests in an error, or 0:
// "Request is throttled. Suggested Backoff Time: 299910 milliseconds".
func suggestedWait(err error) time.Duration {
	var no *imap.Error
	if !errors.As(err, &no) {
		return 0
	}
	found := backoffTime.FindStringSubmatch(no.Text)
	if found == nil {
		return 0
	}
	milliseconds, _ := strconv.Atoi(found[1]) // can't fail: at most nine digits
	return time.Duration(milliseconds) * time.Millisecond
}
