// What an ID number holds, read at once while typing; the server reads it again and is the one that counts.
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS = "10X98765432";
const DERIVING = new Set(["111", "112", "Z10", "Z20", "553"]);

export function plainNumber(text) {
  return (text ?? "").normalize("NFKC").replace(/[\s\-\u2010-\u2015\u200b-\u200f\ufeff]/g, "").toUpperCase();
}

/** {birth, sex} of an 18- or 15-digit number with a possible date; null when there is nothing to read. */
export function derive(kind, text) {
  let number = plainNumber(text);
  if (!DERIVING.has(kind || "111")) return null;
  if (/^[0-9]{15}$/.test(number)) number = `${number.slice(0, 6)}19${number.slice(6)}X`;
  if (!/^[0-9]{17}[0-9X]$/.test(number)) return null;
  const birth = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`;
  const day = new Date(`${birth}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== birth) return null;
  return { birth, sex: Number(number[16]) % 2 ? "1" : "2" };
}

export function hasRightCheck(number) {
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(number[i]), 0);
  return CHECKS[sum % 11] === number[17];
}

/** Completed years on a day (both ISO texts); "" when the birth date is not known to the day. */
export function ageOn(birth, today) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(birth)) return /^\d{4}/.test(birth) ? `≥${Math.max(0, Number(today.slice(0, 4)) - Number(birth.slice(0, 4)) - 1)}` : "";
  const years = Number(today.slice(0, 4)) - Number(birth.slice(0, 4)) - (today.slice(5) < birth.slice(5) ? 1 : 0);
  return years < 0 ? "" : String(years);
}

/** 19850221, 1985.2.21 and the like as 1985-02-21; anything else as it was typed. */
export function tidyDate(text) {
  const plain = (text ?? "").normalize("NFKC").trim();
  const parts = /^\d{8}$/.test(plain)
    ? [plain.slice(0, 4), plain.slice(4, 6), plain.slice(6)]
    : plain.split(/[\s./\-,\u3001\u5e74\u6708\u65e5\u53f7]+/).filter(Boolean);
  if (parts.length !== 3 || !/^\d{4}$/.test(parts[0]) || !parts.every((part) => /^\d{1,4}$/.test(part))) return plain;
  return [parts[0], ...parts.slice(1).map((part) => part.padStart(2, "0"))].join("-");
}
