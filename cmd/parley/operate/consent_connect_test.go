package operate

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/channels"
	emailmailbox "parley/channels/email/mailbox"
	"parley/channels/email/oauthfake"
	"parley/store/storetest"
)

// eachProvider runs a test for each provider of mail.
func eachProvider(t *testing.T, test func(t *testing.T, p oauthfake.Provider)) {
	t.Helper()
	for _, p := range []oauthfake.Provider{oauthfake.Google, oauthfake.Microsoft} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}

// checkFailure checks that an error is a Failure that says this and has a hint what to do.
func checkFailure(t *testing.T, err error, want string) {
	t.Helper()
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatalf("got the error %v, want a Failure that says %q", err, want)
	}
	if !strings.Contains(f.Error(), want) {
		t.Errorf("the failure says %q, want %q in it", f.Error(), want)
	}
	if f.Hint == "" {
		t.Errorf("%q: there is no hint what to do", f.Error())
	}
}

// begin starts an attempt to connect the mailbox, and returns the link to the provider.
func (f *office) begin(k *Keeper) (flow emailmailbox.Flow, link string) {
	f.t.Helper()
	flow, link, err := k.Begin(f.account, f.name(), f.redirect())
	if err != nil {
		f.t.Fatal(err)
	}
	return flow, link
}

// signIn signs a person in at the provider, and returns the address to which the provider sends her back.
func (f *office) signIn(link, who string) (back string) {
	f.t.Helper()
	return storetest.Must(f.provider.SignIn(f.t.Context(), link, who))(f.t)
}

// A mailbox that moved to another provider doesn't send the tokens of the former one there.
func TestNoTokenOfAnotherProvider(t *testing.T) {
	t.Parallel()
	f, _ := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Google})
	text, _ := wantError(t, f.replica().ConsentOf(f.account, emailmailbox.Microsoft), channels.AuthBroken)
	if want := "not connected to Microsoft yet"; !strings.Contains(text, want) {
		t.Errorf("the error is %q, want %q in it", text, want)
	}
}

// The link suggests the mailbox, names the attempt, and shows no secret.
func TestLinkToTheProvider(t *testing.T) {
	t.Parallel()
	eachProvider(t, func(t *testing.T, p oauthfake.Provider) {
		f := newOffice(t, oauthfake.Options{Provider: p})

		flow, link := f.begin(f.replica())

		asked := query(t, link)
		for _, tt := range []struct {
			parameter string
			want      string
		}{
			{parameter: "login_hint", want: consentMailbox},
			{parameter: "state", want: flow.State},
			{parameter: "code_challenge_method", want: "S256"},
		} {
			if got := asked.Get(tt.parameter); got != tt.want {
				t.Errorf("%s is %q, want %q", tt.parameter, got, tt.want)
			}
		}
		if strings.Contains(link, flow.Verifier) {
			t.Errorf("the link shows the verifier: %s", link)
		}
		if strings.Contains(link, clientSecret) {
			t.Errorf("the link shows the secret of the registration: %s", link)
		}
	})
}

// A person who signs in as the mailbox connects it, even if she writes its address in another case.
//
// Requirement R-004: Gmail by signing in.
// Requirement R-005: Office 365 by signing in.
func TestConnect(t *testing.T) {
	t.Parallel()
	eachProvider(t, func(t *testing.T, p oauthfake.Provider) {
		f := newOffice(t, oauthfake.Options{Provider: p})
		k := f.replica()
		flow, link := f.begin(k)
		back := f.signIn(link, "Help@acme.test")

		who := storetest.Must(k.Finish(t.Context(), f.account, f.name(), flow, query(t, back)))(t)
		if !strings.EqualFold(who, consentMailbox) {
			t.Errorf("connected as %q, want %q", who, consentMailbox)
		}
		f.wantToken(k.ConsentOf(f.account, f.name()), "")
		if calls := f.provider.Calls(); !calls[0].PKCE {
			t.Error("the code was exchanged without the verifier")
		}
	})
}

// The answer of a provider is good once. If it is sent again, it is refused and changes nothing.
func TestConnectByAnAnswerThatWasUsed(t *testing.T) {
	t.Parallel()
	eachProvider(t, func(t *testing.T, p oauthfake.Provider) {
		f := newOffice(t, oauthfake.Options{Provider: p})
		k := f.replica()
		flow, link := f.begin(k)
		answer := query(t, f.signIn(link, consentMailbox))
		storetest.Must(k.Finish(t.Context(), f.account, f.name(), flow, answer))(t)

		_, err := k.Finish(t.Context(), f.account, f.name(), flow, answer)

		checkFailure(t, err, "no longer takes this answer")
		f.wantToken(k.ConsentOf(f.account, f.name()), "")
	})
}

// Each failure to connect is explained, and leaves an earlier connection as it is.
func TestConnectRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(f *office, link string) (back string, err error) // what a person and the provider do with the link
		want   string
	}{
		{
			name: "another person signs in",
			answer: func(f *office, link string) (string, error) {
				return f.provider.SignIn(f.t.Context(), link, "ann@acme.test")
			},
			want: "You signed in as ann@acme.test, but this account is help@acme.test, billing@acme.test. Sign in as help@acme.test",
		},
		{
			name:   "she cancels",
			answer: func(f *office, link string) (string, error) { return f.provider.Cancel(f.t.Context(), link) },
			want:   "did not allow it at Microsoft",
		},
		{
			name: "she doesn't allow to send mail",
			answer: func(f *office, link string) (string, error) {
				return f.provider.SignIn(f.t.Context(), link, consentMailbox, "https://outlook.office.com/SMTP.Send")
			},
			want: "did not allow Parley to read and send mail",
		},
		{
			name: "the consent has no refresh token",
			answer: func(f *office, link string) (string, error) {
				return f.provider.SignIn(f.t.Context(), link, consentMailbox, "offline_access")
			},
			want: "ends within the hour",
		},
		{
			name: "the answer is for another attempt",
			answer: func(f *office, link string) (string, error) {
				return f.provider.SignIn(f.t.Context(), strings.Replace(link, "state=", "state=x", 1), consentMailbox)
			},
			want: "belongs to another attempt",
		},
		{
			name: "the answer has no code",
			answer: func(f *office, link string) (string, error) {
				return f.redirect() + "?state=" + url.QueryEscape(query(f.t, link).Get("state")), nil
			},
			want: "has no code",
		},
		{
			name: "the provider is busy",
			answer: func(f *office, link string) (string, error) {
				f.provider.AddFault(oauthfake.Fault{Kind: oauthfake.FaultRefuse, Status: http.StatusServiceUnavailable})
				return f.provider.SignIn(f.t.Context(), link, consentMailbox)
			},
			want: "no time right now",
		},
		{
			name: "the provider is busy while somebody consents",
			answer: func(f *office, link string) (string, error) {
				return f.redirect() + "?error=temporarily_unavailable&state=" + url.QueryEscape(query(f.t, link).Get("state")), nil
			},
			want: "no time right now",
		},
		{
			name: "the provider doesn't know what is asked for",
			answer: func(f *office, link string) (string, error) {
				return f.provider.SignIn(f.t.Context(), strings.Replace(link, "scope=", "scope=Mail.Everything+", 1), consentMailbox)
			},
			want: "Microsoft refuses: invalid_scope",
		},
		{
			name: "a stranger writes the answer",
			answer: func(f *office, link string) (string, error) {
				words := "x%1b%7f&error_description=" + url.QueryEscape(strings.Repeat("é", 301))
				return f.redirect() + "?error=" + words + "&state=" + url.QueryEscape(query(f.t, link).Get("state")), nil
			},
			want: "Microsoft refuses: x   " + strings.Repeat("é", 300) + "…",
		},
		{
			name: "the token is lost on the way",
			answer: func(f *office, link string) (string, error) {
				f.provider.AddFault(oauthfake.Fault{Kind: oauthfake.FaultDropAfter})
				return f.provider.SignIn(f.t.Context(), link, consentMailbox)
			},
			want: "can't be reached",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, connected := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft})
			k := f.replica()
			flow, link := f.begin(k)
			back := storetest.Must(tt.answer(f, link))(t)

			_, err := k.Finish(t.Context(), f.account, f.name(), flow, query(t, back))

			checkFailure(t, err, tt.want)
			f.wantToken(connected, "")
		})
	}
}

// newSharedMailbox returns an office of which ann@acme.test signs in for the mailbox, as its settings say.
func newSharedMailbox(t *testing.T) *office {
	t.Helper()
	f := newOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft})
	f.account.Config = []byte(`{"address":"help@acme.test","oauth":"microsoft","oauth_user":"ann@acme.test"}`)
	return f
}

func TestSharedMailboxIsNotConnectedByAnybodyElse(t *testing.T) {
	t.Parallel()
	f := newSharedMailbox(t)
	k := f.replica()
	storetest.Must(f.connect(k, "ann@acme.test"))(t)

	_, err := f.connect(k, "zoe@acme.test")

	checkFailure(t, err, "this account is ann@acme.test, help@acme.test. Sign in as ann@acme.test")
}
