package app

import (
	"parley/channels"
	"parley/channels/email"
	httpchannel "parley/channels/http"
	"parley/channels/messenger"
	"parley/channels/twilio"
	"parley/channels/whatsapp"
)

// Specs returns all kinds of channels. A new channel is a folder below channels/ and a line here.
func Specs() []channels.Spec {
	return []channels.Spec{
		email.Spec(),
		httpchannel.Spec(),
		messenger.Spec(),
		twilio.WhatsAppSpec(twilio.Options{}),
		twilio.SMSSpec(twilio.Options{}),
		whatsapp.Spec(),
	}
}
