// Of sorted values: the smallest that at least the share of them does not exceed.
export function quantile(sorted, share) {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
