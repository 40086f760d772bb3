// Package twilio speaks to customers by SMS and MMS (kind "sms") and by WhatsApp (kind
// "twilio_whatsapp") through Twilio's Messages and Content APIs.
//
// A message arrives by a signed webhook or, if that was lost, by the list of messages that Run reads every
// few minutes; both give the same fact. The callback address of each message that we send has a token, so
// that a status can be matched to its message even if the answer to Send was lost. Answers to webhooks are
// always empty, because Twilio would send their text to the customer.
//
// What does not belong here: who may write to whom, reply windows and retries, which the engine decides;
// and Meta's own WhatsApp API, which is the channel whatsapp.
//
// Source: www.twilio.com/docs, Messages resource, Webhooks security, Content API, error
// dictionary, read Nov 2026; twilio-oai's descriptions.
package twilio
