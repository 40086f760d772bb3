package twiliofake

import (
	"net/http"
	"net/url"
	"testing"
)

// Messaging services of these tests.
const (
	fullService    = "MG00000000000000000000000000000001" // with a number for SMS and a WhatsApp sender
	textService    = "MG00000000000000000000000000000002" // with a number for SMS alone
	emptyService   = "MG00000000000000000000000000000003"
	unknownService = "MG00000000000000000000000000000009"

	oursSecond = "+15550102" // a second number of ours for SMS
)

// startWithServices starts an emulator with messaging services. The first number of the account is in none of them.
func startWithServices(t *testing.T) *Server {
	t.Helper()
	return start(t, func(o *Options) {
		o.Numbers = append(o.Numbers, Number{Address: oursSecond})
		o.Services = []Service{
			{SID: fullService, Numbers: []string{oursWA, oursSecond}},
			{SID: textService, Numbers: []string{oursSecond}},
			{SID: emptyService},
		}
	})
}

// byService is the form of a text for which a messaging service chooses the sender.
func byService(service, to string) url.Values {
	return url.Values{"To": {to}, "MessagingServiceSid": {service}, "Body": {"x"}}
}

// A messaging service chooses the first of its own senders that is of the recipient's channel.
func TestServiceChoosesSender(t *testing.T) {
	t.Parallel()
	s := startWithServices(t)
	tests := []struct {
		name string
		to   string
		want string // sender
	}{
		{name: "SMS", to: ann, want: oursSecond},
		{name: "WhatsApp", to: waPrefix + ann, want: oursWA},
	}
	for _, tt := range tests {
		status, message := ask(t, s, http.MethodPost, messagesPath, byService(fullService, tt.to))
		wantEqual(t, tt.name+": status", status, http.StatusCreated)
		wantEqual(t, tt.name+": service", message["messaging_service_sid"], any(fullService))
		wantEqual(t, tt.name+": sender in the answer, before one is chosen", message["from"], nil)

		_, message = ask(t, s, http.MethodGet, messagePath(message["sid"].(string)), nil)
		wantEqual(t, tt.name+": sender", message["from"], any(tt.want))
	}
}

// A messaging service that can't choose a sender is refused.
func TestServiceRefused(t *testing.T) {
	t.Parallel()
	s := startWithServices(t)
	tests := []struct {
		name    string
		service string
		to      string
		want    int // code
	}{
		{name: "a service that there isn't", service: unknownService, to: ann, want: 21701},
		{name: "what is no service's id", service: "MG1", to: ann, want: 21705},
		{name: "no senders", service: emptyService, to: ann, want: 21704},
		{name: "no sender for WhatsApp", service: textService, to: waPrefix + ann, want: 21703},
	}
	for _, tt := range tests {
		call := apiCall{method: http.MethodPost, path: messagesPath, form: byService(tt.service, tt.to)}
		wantRefused(t, s, tt.name, call, http.StatusBadRequest, tt.want)
	}
}
