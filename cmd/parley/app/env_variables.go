package app

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// variables reads environment variables. It collects all faults instead of stopping at the first one, so that an admin
// can correct them in one go. A fault doesn't quote the value of a variable that may hold a secret by mistake: "S3_ENDPOINT:
// write it like https://…".
type variables struct {
	get    func(name string) (value string, isSet bool) // os.LookupEnv, except in tests
	faults []error
}

// addFault records a fault.
func (v *variables) addFault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Errorf(format, args...))
}

// text returns the value of a variable; "" if it isn't set. If NAME_FILE is set instead of NAME, it names a file with the
// value.
func (v *variables) text(name string) string {
	value, err := v.readValue(name)
	if err != nil {
		v.faults = append(v.faults, err)
	}
	return value
}

// textOr is text for a variable that has a default.
func (v *variables) textOr(name, def string) string { return cmp.Or(v.text(name), def) }

// readValue returns the value of NAME, or the content of the file that NAME_FILE names without its final newline.
func (v *variables) readValue(name string) (string, error) {
	value, _ := v.get(name) // "" if it isn't set
	path, _ := v.get(name + "_FILE")
	if path == "" {
		return value, nil
	}
	if value != "" {
		return "", fmt.Errorf("%s and %s_FILE are both set; keep one", name, name)
	}

	body, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}

	value = strings.TrimRight(string(body), "\r\n")
	if value == "" {
		return "", fmt.Errorf("%s_FILE: %s is empty", name, path)
	}

	return value, nil
}

// address returns a URL to which Parley sends secrets; "" if the variable isn't set. It must begin with https, or with
// http if it is on this machine. advice is shown if it doesn't.
func (v *variables) address(name, advice string) string {
	address := v.text(name)
	if address != "" {
		v.checkAddress(name, address, advice)
	}
	return address
}

// checkAddress records a fault unless secrets may be sent to an address.
func (v *variables) checkAddress(name, address, advice string) {
	if !isSafeAddress(address) {
		v.addFault("%s: %s; http only for an address on loopback", name, advice)
	}
}

// isWord reports whether a variable has the value word. Any other value, except "", is a fault. advice is shown then.
func (v *variables) isWord(name, word, advice string) bool {
	value := v.text(name)
	if value != "" && value != word {
		v.addFault("%s: %s", name, advice)
	}
	return value == word
}

// maxFactor is the highest plausible factor on a provider's rate limit.
const maxFactor = 1000

// factor returns a factor on a provider's published rate limit; 1 if the variable isn't set.
func (v *variables) factor(name string) float64 {
	value := v.textOr(name, "1")
	factor, err := strconv.ParseFloat(value, 64)
	isInRange := factor >= 0 && factor <= maxFactor // false for NaN
	if err != nil || !isInRange {
		v.addFault("%s: %q isn't a factor; 1 is the provider's published rate, 0 is none", name, value)
		return 0
	}
	return factor
}

// err returns all faults as one error; nil if there are none.
func (v *variables) err() error {
	if err := errors.Join(v.faults...); err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	return nil
}

// isPartial reports whether some of the values are set, but not all.
func isPartial(values ...string) bool {
	isSet := func(value string) bool { return value != "" }
	return slices.ContainsFunc(values, isSet) && slices.Contains(values, "")
}

// isSafeAddress reports whether text is an https URL, or an http URL on loopback, without credentials.
func isSafeAddress(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	if u.Hostname() == "" || u.User != nil {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	return u.Scheme == "http" && isLoopback(net.JoinHostPort(u.Hostname(), "0"))
}

// isLoopback reports whether an address (host:port) is reachable only from this machine.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
