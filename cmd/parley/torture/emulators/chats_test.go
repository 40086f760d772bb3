package emulators

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/channels/emulator"
)

// sendText asks Twilio once to send a short message. It doesn't matter what Twilio answers.
func sendText(ctx context.Context, t *testing.T, base string) {
	t.Helper()
	form := url.Values{"From": {SMSNumber}, "To": {PhoneOf(1)}, "Body": {"hello"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/2010-04-01/Accounts/"+TwilioAccount+"/Messages.json",
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(TwilioAccount, TwilioToken)
	res, err := emulator.NewClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}
