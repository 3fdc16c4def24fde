// Draws an address as a QR code. Loaded when one is shown.
import qrcode from 'qrcode-generator';

/** @returns the code as an SVG element, as trusted markup */
export function qrCodeSvg(url: string): string {
  const code = qrcode(0, 'M');
  code.addData(url);
  code.make();
  return code.createSvgTag({ cellSize: 8, margin: 16, scalable: true });
}
