package app

import (
	"parley/channels"
	"parley/channels/email"
	httpchannel "parley/channels/http"
	"parley/channels/meta"
	"parley/channels/twilio"
)

// Specs returns all kinds of channels. A new channel is a folder below channels/ and a line here.
func Specs() []channels.Spec {
	return []channels.Spec{
		email.Spec(),
		httpchannel.Spec(),
		meta.Messenger(),
		twilio.WhatsAppSpec(twilio.Options{}),
		twilio.SMSSpec(twilio.Options{}),
		meta.WhatsApp(),
	}
}
