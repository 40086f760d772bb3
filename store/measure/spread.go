package measure

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"time"
)

// Spread tells how often times of about the same length came: of each of the three Times, by the buckets of their
// lengths. The zero value has none.
type Spread struct {
	counts map[int]int64
}

// Lengths in seconds are exact below spreadExact. Above it each doubling has spreadSteps buckets, so that the middle of
// a bucket differs from what is in it by a sixteenth of that at most. What is longer than a year counts as spreadLongest.
const (
	spreadExact   = 16
	spreadSteps   = 8
	spreadLongest = 1<<25 - 1
	spreadBuckets = spreadExact + 21*spreadSteps
)

// bucketOf gives the bucket of a length.
func bucketOf(seconds int64) int {
	seconds = min(max(seconds, 0), spreadLongest)
	if seconds < spreadExact {
		return int(seconds)
	}
	shift := bits.Len64(uint64(seconds)) - bits.Len(spreadSteps) // what is left has as many bits as spreadSteps
	return spreadExact + (shift-1)*spreadSteps + int(seconds>>shift) - spreadSteps
}

// middleOf gives the length in the middle of a bucket.
func middleOf(bucket int) int64 {
	if bucket < spreadExact {
		return int64(bucket)
	}
	shift := (bucket-spreadExact)/spreadSteps + 1
	first := int64(spreadSteps+(bucket-spreadExact)%spreadSteps) << shift
	return first + (int64(1)<<shift-1)/2
}

// times are those that are measured, in the order in which a Spread numbers them.
func times() []Time { return []Time{FirstAnswer, NextAnswer, Ended} }

// firstOf gives the number of the first bucket of a time.
func firstOf(t Time) int { return slices.Index(times(), t) * spreadBuckets }

// count adds a bucket so many times.
func (s *Spread) count(t Time, bucket int, often int64) {
	if s.counts == nil {
		s.counts = map[int]int64{}
	}
	s.counts[firstOf(t)+bucket] += often
}

// Add adds another spread.
func (s *Spread) Add(o Spread) {
	if s.counts == nil {
		s.counts = map[int]int64{}
	}
	for code, n := range o.counts {
		s.counts[code] += n
	}
}

// Median gives the length that is in the middle of all, at most a sixteenth off; of an even number of times, the average
// of the two in the middle. Negative = there are no times.
func (s *Spread) Median(t Time) time.Duration {
	list, total := s.of(t)
	if total <= 0 {
		return -1
	}
	return time.Duration((nth(list, (total-1)/2)+nth(list, total/2))/2) * time.Second
}

// Count gives how many times there are.
func (s *Spread) Count(t Time) int64 {
	_, total := s.of(t)
	return total
}

// of gives how often each length of a time came, and how many there are in all.
func (s *Spread) of(t Time) (list [spreadBuckets]int64, total int64) {
	first := firstOf(t)
	for code, n := range s.counts {
		if bucket := code - first; bucket >= 0 && bucket < spreadBuckets {
			list[bucket] = n
			total += n
		}
	}
	return list, total
}

// nth gives the length of the nth time, counted from 0, the shortest first.
func nth(list [spreadBuckets]int64, n int64) int64 {
	for bucket, often := range list {
		if n -= often; n < 0 {
			return middleOf(bucket)
		}
	}
	return spreadLongest
}

// bytes writes a spread as pairs of numbers, a bucket and how often it came. Spreads are added by writing one after the
// other, as PostgreSQL does for a page.
func (s *Spread) bytes() []byte {
	list := []byte{}
	for _, code := range slices.Sorted(maps.Keys(s.counts)) {
		if n := s.counts[code]; n > 0 {
			list = binary.AppendUvarint(binary.AppendUvarint(list, uint64(code)), uint64(n))
		}
	}
	return list
}

// addBytes adds what bytes wrote.
func (s *Spread) addBytes(list []byte) error {
	if s.counts == nil {
		s.counts = map[int]int64{}
	}
	for len(list) > 0 {
		code, n := binary.Uvarint(list)
		if n <= 0 || code >= uint64(len(times())*spreadBuckets) {
			return fmt.Errorf("store: a spread can't be read: bucket %d", code)
		}
		often, m := binary.Uvarint(list[n:])
		if m <= 0 {
			return fmt.Errorf("store: a spread can't be read: %d of bucket %d", often, code)
		}
		s.counts[int(code)] += int64(often)
		list = list[n+m:]
	}
	return nil
}
