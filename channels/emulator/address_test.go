package emulator_test

import (
	"testing"

	"parley/channels/emulator"
)

// An address is given to one caller only, even if nobody listens there yet. If they were only picked at random, two of so
// many would nearly always be the same.
func TestFreeAddressIsKept(t *testing.T) {
	t.Parallel()
	given := map[string]bool{}
	for range 300 {
		address, err := emulator.FreeAddress(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if given[address] {
			t.Fatalf("%s is given twice", address)
		}
		given[address] = true
	}
}
