package teams

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// request is a request that the Bot Framework service could send. It is valid except for what is set here.
type request struct {
	name          string
	header        func(h map[string]any)                // changes the token's header
	claims        func(c map[string]any, now time.Time) // changes the token's claims
	signer        *signer                               // nil means the signer of the published key
	authorization func(token string) []string           // the values of Authorization; nil means one valid value
	activity      func(a *Activity)                     // changes the activity
}

// check makes the request, and returns the Validator's error. It also checks that the error doesn't contain the token.
func (r request) check(t *testing.T) error {
	t.Helper()
	one, _ := signers()
	w := newWorldAuth(t, one)
	by := one
	if r.signer != nil {
		by = *r.signer
	}
	h, c, a := headerOf(by), w.claimsNow(), activity()
	if r.header != nil {
		r.header(h)
	}
	if r.claims != nil {
		r.claims(c, w.now())
	}
	if r.activity != nil {
		r.activity(&a)
	}
	token := by.sign(t, h, c)
	values := []string{"Bearer " + token}
	if r.authorization != nil {
		values = r.authorization(token)
	}

	err := w.Check(t.Context(), bearing(values...), a)
	if err != nil && strings.Contains(err.Error(), "eyJ") { // the beginning of every token
		t.Errorf("the token is in the error: %v", err)
	}
	return err
}

// wantAccepted checks that each of these requests is accepted.
func wantAccepted(t *testing.T, requests ...request) {
	t.Helper()
	for _, r := range requests {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			if err := r.check(t); err != nil {
				t.Errorf("got error %v, want the request accepted", err)
			}
		})
	}
}

// wantAllRefused checks that each of these requests is refused, always with the same error.
func wantAllRefused(t *testing.T, requests ...request) {
	t.Helper()
	for _, r := range requests {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			if err := r.check(t); !errors.Is(err, ErrRefused) {
				t.Errorf("got error %v, want ErrRefused", err)
			}
		})
	}
}

// set sets a claim of the token.
func set(claim string, value any) func(map[string]any, time.Time) {
	return func(c map[string]any, _ time.Time) { c[claim] = value }
}

// unset removes a claim.
func unset(claim string) func(map[string]any, time.Time) {
	return func(c map[string]any, _ time.Time) { delete(c, claim) }
}

// setTime sets a claim to a time, by its distance from now.
func setTime(claim string, fromNow time.Duration) func(map[string]any, time.Time) {
	return func(c map[string]any, now time.Time) { c[claim] = now.Add(fromNow).Unix() }
}

func TestRequestAsTheServiceSendsIt(t *testing.T) {
	t.Parallel()
	wantAccepted(t, request{name: "unchanged"})
}

// A token has to be for Parley's app.
func TestAuthAudience(t *testing.T) {
	t.Parallel()
	wantAccepted(t,
		request{name: "in an array", claims: set("aud", []string{app})},
		request{name: "among others", claims: set("aud", []string{"other", app})},
	)
	wantAllRefused(t,
		request{name: "of another app", claims: set("aud", "33333333-3333-4333-8333-333333333333")},
		request{name: "of other apps", claims: set("aud", []string{"a", "b"})},
		request{name: "empty", claims: set("aud", "")},
		request{name: "empty array", claims: set("aud", []string{})},
		request{name: "number", claims: set("aud", 1)},
		request{name: "none", claims: unset("aud")},
	)
}

// A token has to be issued by the service, not by Entra, which gives tokens to anybody.
func TestIssuer(t *testing.T) {
	t.Parallel()
	wantAllRefused(t,
		request{name: "Entra", claims: set("iss", "https://login.microsoftonline.com/"+tenant+"/v2.0")},
		request{name: "with a final slash", claims: set("iss", publicIssuer+"/")},
		request{name: "in an array", claims: set("iss", []string{publicIssuer})},
		request{name: "none", claims: unset("iss")},
	)
}

// A token is valid for the time that it states, and five minutes longer, since clocks differ.
func TestTimes(t *testing.T) {
	t.Parallel()
	wantAccepted(t,
		request{name: "expired within the leeway", claims: setTime("exp", -4*time.Minute)},
		request{name: "not before, within the leeway", claims: setTime("nbf", 4*time.Minute)},
		request{name: "no nbf", claims: unset("nbf")},
	)
	wantAllRefused(t,
		request{name: "expired beyond the leeway", claims: setTime("exp", -6*time.Minute)},
		request{name: "not before, beyond the leeway", claims: setTime("nbf", 6*time.Minute)},
		request{name: "no exp", claims: unset("exp")},
		request{name: "exp zero", claims: set("exp", 0)},
		request{name: "exp a text", claims: set("exp", "tomorrow")},
	)
}

// A token is valid for one address of the service, which has to be the one in the activity.
func TestServiceURL(t *testing.T) {
	t.Parallel()
	wantAllRefused(t,
		request{name: "none", claims: unset("serviceurl")},
		request{name: "empty", claims: set("serviceurl", "")},
		request{name: "of another region", claims: set("serviceurl", "https://smba.trafficmanager.net/amer/"+tenant+"/")},
		request{name: "without the slash", claims: set("serviceurl", strings.TrimSuffix(service, "/"))},
		request{name: "number", claims: set("serviceurl", 1)},
		request{name: "under another name", claims: func(c map[string]any, _ time.Time) {
			delete(c, "serviceurl")
			c["service_url"] = service
		}},
	)
}

// servedBy is a request whose token and activity name the same address of the service.
func servedBy(name, url string) request {
	return request{name: name, claims: set("serviceurl", url), activity: func(a *Activity) { a.ServiceURL = url }}
}

// The service's address has to be on one of Teams' own hosts, because Parley sends its answers and its token there.
func TestHostOfTheService(t *testing.T) {
	t.Parallel()
	wantAccepted(t,
		servedBy("GCC's host", "https://smba.infra.gcc.teams.microsoft.com/gcc"),
		servedBy("GCC High's host", "https://smba.infra.gov.teams.microsoft.us/gov"),
		servedBy("in capitals", "https://SMBA.trafficmanager.net/emea/"),
	)
	wantAllRefused(t,
		servedBy("a neighbour below trafficmanager.net", "https://evil.trafficmanager.net/emea/"),
		servedBy("below the host", "https://x.smba.trafficmanager.net/emea/"),
		servedBy("the host as a prefix", "https://smba.trafficmanager.net.evil.example/emea/"),
		servedBy("a port", "https://smba.trafficmanager.net:443/emea/"),
		servedBy("an empty port", "https://smba.trafficmanager.net:/emea/"),
		servedBy("a user", "https://smba.trafficmanager.net@evil.example/"),
		servedBy("a user before the host", "https://a:b@smba.trafficmanager.net/"),
		servedBy("plain http", "http://smba.trafficmanager.net/emea/"),
		servedBy("loopback", "http://127.0.0.1:3978/"),
		servedBy("a final dot", "https://smba.trafficmanager.net./emea/"),
		servedBy("a backslash", `https://smba.trafficmanager.net\@evil.example/`),
		servedBy("no scheme", "smba.trafficmanager.net/emea/"),
		servedBy("empty", ""),
	)
}

func TestChannel(t *testing.T) {
	t.Parallel()
	wantAllRefused(t,
		request{name: "another", activity: func(a *Activity) { a.ChannelID = "webchat" }},
		request{name: "for which the key isn't endorsed", activity: func(a *Activity) { a.ChannelID = "directline" }},
		request{name: "none", activity: func(a *Activity) { a.ChannelID = "" }},
		request{name: "in capitals", activity: func(a *Activity) { a.ChannelID = "MSTeams" }},
	)
}

// If an activity names a tenant, it has to be Parley's, in each place where it names one.
func TestTenant(t *testing.T) {
	t.Parallel()
	wantAccepted(t,
		request{name: "in the conversation alone", activity: func(a *Activity) { a.ChannelData = nil }},
		request{name: "in the data alone", activity: func(a *Activity) { a.Conversation = nil }},
		request{name: "in capitals", activity: func(a *Activity) { a.Conversation.TenantID = strings.ToUpper(tenant) }},
	)
	wantAllRefused(t,
		request{name: "another one's conversation", activity: func(a *Activity) { a.Conversation.TenantID = "other" }},
		request{name: "another one's data", activity: func(a *Activity) { a.ChannelData.Tenant.ID = "other" }},
		request{name: "none", activity: func(a *Activity) { a.ChannelData, a.Conversation = nil, nil }},
	)
}

// New demands an app id and a tenant: without them, anybody's token would be accepted.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options AuthOptions
	}{
		{name: "neither app id nor tenant", options: AuthOptions{}},
		{name: "no tenant", options: AuthOptions{AppID: app}},
		{name: "no app id", options: AuthOptions{Tenants: []string{tenant}}},
		{name: "an empty tenant", options: AuthOptions{AppID: app, Tenants: []string{""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := NewAuth(tt.options); err == nil {
				t.Error("got a Validator, want an error")
			}
		})
	}
}

// A key is valid only for the channels that it is endorsed for.
func TestKeyWithoutOurEndorsementIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		endorsed []string
	}{
		{name: "none", endorsed: nil},
		{name: "others", endorsed: []string{"webchat", "directline"}},
		{name: "alike", endorsed: []string{"msteams2", "MSTEAMS"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := signers()
			s.endorsed = tt.endorsed
			newWorldAuth(t, s).wantRefused(t, s)
		})
	}
}

// bearerToken only returns texts that have the form of a token: three parts in the alphabet of base64url.
func FuzzBearer(f *testing.F) {
	for _, seed := range []string{
		"Bearer a.b.c",
		"bearer a.b.c",
		"Bearer a.b.c d",
		"Bearer ..",
		"Bearer",
		"Bearer a.b",
		"Bearer a.b.c.d",
		"",
		"Bearer \x00.b.c",
		"Bearer a.b.\u212a", // a letter that becomes a k in lower case
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, value string) {
		token, err := bearerToken(bearing(value))
		if (err == nil) != (token != "") {
			t.Fatalf("%q: got the token %q and the error %v, want one of both", value, token, err)
		}
		if err != nil {
			return
		}
		if "Bearer "+token != value {
			t.Fatalf("%q is read as %q", value, token)
		}

		parts := strings.Split(token, ".")
		if len(parts) != 3 {
			t.Fatalf("%q is read as a token of %d parts, want 3", value, len(parts))
		}
		for _, part := range parts {
			if part == "" || strings.Trim(part, base64URLAlphabet) != "" {
				t.Fatalf("%q has the part %q, want letters of base64url", value, part)
			}
		}
	})
}
