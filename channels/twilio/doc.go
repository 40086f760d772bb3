// Package twilio speaks to customers by SMS and MMS (kind "sms") and by WhatsApp (kind
// "twilio_whatsapp") through Twilio's Messages and Content APIs.
//
// A message arrives by signed webhook or, when that was lost, by the list of messages that
// Run reads every few minutes; both ways give one fact. What we send carries a token in its
// callback address, so that its fate finds it even when the answer was lost. Twilio's answer
// to a customer is whatever text a webhook answers: ours are always empty.
//
// Who may write to whom, opt-outs that were flagged, windows and retries are decided by the
// engine; this package only translates. Meta's own WhatsApp API is another channel.
//
// Source: www.twilio.com/docs, Messages resource, Webhooks security, Content API, error
// dictionary, read Nov 2026; twilio-oai's descriptions.
package twilio
