/** Parley's mark: two voices. The same drawing as the icon of the activity bar. */
export function ParleyMark() {
  return (
    <svg
      class="parley-mark"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d="M16.5 6.5v-1A2.5 2.5 0 0 0 14 3H5a2.5 2.5 0 0 0-2.5 2.5v5A2.5 2.5 0 0 0 5 13h.5v3.5l1.5-1.2" />
      <path d="M12 9.5h7a2.5 2.5 0 0 1 2.5 2.5v4.5A2.5 2.5 0 0 1 19 19h-.5v2.75L15.2 19H12a2.5 2.5 0 0 1-2.5-2.5V12A2.5 2.5 0 0 1 12 9.5Z" />
    </svg>
  );
}
