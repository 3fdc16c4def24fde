import assert from 'node:assert/strict';
import { qrCodeSvg } from '../../src/window/qrCode.ts';
import { qrCodePage, visitorsPage } from '../../src/window/siteViewPages.ts';
import { publication } from './site/sites.ts';

describe('window/siteViewPages', () => {
  it('shows the QR code of the public address, and the address as a link', () => {
    const page = qrCodePage(publication, qrCodeSvg(publication.url));
    assert.match(page, /<svg [^>]*viewBox=.*<a href="https:\/\/student1\.example\.com">/s);
  });

  it("shows the numbers and the last requests of visitors, and runs nothing of a visitor's", () => {
    const visit = { method: 'GET', path: '/<script>alert(1)</script>', status: 404, time: 0 };
    const page = visitorsPage(publication, { now: 1, inAll: 2, requests: 3, last: [visit] });
    assert.match(page, /Visitors: 1 now, 2 in all\. Requests: 3\./);
    assert.match(page, /<td>GET<\/td>.*<td>404<\/td>/);
    assert.ok(!page.includes('<script'));
  });
});
