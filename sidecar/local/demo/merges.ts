// The merges of the demo model's tokenizer: pairs of pieces that it joins, the first ones first, `Ġ` being a space. Learned once
// by byte-pair encoding from TypeScript sources and English documentation. They only make prompts two to three times shorter:
// a text without any of them comes out the same.

const MERGES = `
Ġ Ġ, ĠĠ ĠĠ, e r, Ġ t, o n, i n, r e, ĠĠ Ġ, s t, e n, Ġt h, o r, i s, Ġ a, a t, Ġ c, d e, l e, s e, a l, i on, a r, r o, Ġ n, Ġ re, Ġ f,
i t, Ġth e, in g, e s, e d, a n, c t, en t, u n, Ġ p, t h, e x, Ġ b, u r, ĠĠĠĠ ĠĠĠ, u e, Ġ o, a m, ĠĠĠĠ Ġ, c h, Ġ w, c e, Ġ s, e t,
Ġth is, Ġ st, l l, i f, Ġ in, y p, a d, or t, Ġc on, i d, u m, Ġa n, Ġ m, p t, ur n, i m, Ġt o, Ġ v, p ort, Ġ T, t urn, o de, r ing,
yp e, Ġ if, at e, t er, a g, a s, h e, ex t, i c, Ġ is, l o, Ġ e, u t, ct ion, ro m, ĠĠĠĠ ĠĠĠĠ, i g, Ġcon st, b er, c k, um ber, Ġo f,
Ġre turn, Ġ I, r a, th is, l y, al ue, u l, en d, o l, ion s, Ġst ring, Ġ d, Ġ A, Ġ un, o m, Ġn umber, c on, de f, e ct, v ent, S t, o t,
Ġ l, er s, Ġ h, p ar, o d, Ġa s, r i, un ction, ag e, Ġf or, o w, Ġb e, f er, q ue, u s, k e, ex port, es s, o o, le t, a b, v e, Ġ C,
pt ions, Ġf rom, Ġ it, Ġan d, se t, e w, ul t, r or, a ch, an d, R e, re s, i l, am e, v er, Ġ on, g et, i st, Ġ L, a ce, Ġ S, def in,
Ġp ro, u ll, que st, Ġ P, j ect, it h, Ġt ype, al l, o id, e m, s er, h t, at ion, Ġre ad, I n, v i, c l, ar t, o re, par am, at a,
defin ed, ab le, Ġw h, le an, Ġ de, u f, ĠT he, Ġv alue, i z, u se, Ġ M, ra y, m ent, oo lean, en g, a se, Ġ or, on ly, uf fer, b ject,
ĠĠĠĠ ĠĠĠĠĠĠĠ, r ray, eng th, Ġ O, im port, l in, a ck, Ġn ew, a p, ach e, Ġt r, Ġv oid, Ġb oolean, Ġth at, u p, Ġn ull, Ġf unction,
Ġun defined, t o, p o, Ġre s, ro w, Ġ E, Ġread only, Ġ r, Ġ F, a y, a re, Ġ ext, ter f, Ġw ith, in d, at ch, ke y, i ll, ĠĠĠĠ ĠĠĠĠĠ,
Ġan y, at h, terf ace, iz e, Ġ g, Ġn ot, o p, l i, e l, con st, t s, is e, i le, Ġ N, im e, ess age, er ror, Ġ se, n t, end s, p er, e c,
t ext, Ġ ex, q u, u b, ig ht, de x, an g, n c, Ġtr ue, t p, Ġ D, t ype, r ror, r y, de d, Ġ U, d er, Ġe vent, o f, Ġ W, Ġc h, o ut,
Ġext ends, l ength, a ult, a in, yp es, s c, le ment, al se, et ch, re turn, Ġ R, he ad, O ptions, a it, and l, Ġc all, p on, re am,
i re, as s, i ve, Ġ use, en s, Ġ lo, p ro, l ic, o un, Ġ set, ĠĠĠĠĠĠĠĠ ĠĠĠĠĠĠĠ, O N, in e, Ġb y, E vent, vi ce, ig n, Ġre quest, pon se,
or m, C on, ow n, f unction, Ġc om, Ġf alse, B uffer, c om, Ġ K, j s, cl are, ode l, T ype, s s, ro ll, d d, an ce, y nc, Ġ Re, od y,
e b, i r, e th, p ut, a x, o ck, b ack, lin k, rom ise, o ur, andl er, res s, Ġw ill, Ġin terface, u g, Ġ V, def ault, u re, S er, w ait,
A rray, Ġo bject, Ġa re, v alue, Ġ i, Ġa t, eth od, th er, t e, Ġ get, Ġn am, is po, o c, v id, Ġ let, Ġ key, c ess, it ion, in al, a il,
Ġcon t, m o, se d, um ent, d s, E rror, r g, Ġ y, v ate, ur re, Ser vice, v ed, Ġ en, R es, T ypes, r u, I T, ct or, a st, r it, P ro,
p l, Ġp ar, ri vate, ĠI f, pt ion, Ġd ata, C ache, V alue, Ġe l, at us, in t, Ġst art, Ġel se, as on, id th, ser t, Ġn ame, tp s, o st,
p ec, urre nt, St ate, st ring, I d, if i, I N, e y, Ġ H, e ll, us h, our ce, Ġc an, E R, Ġn o, t y, Ġwh en, Ġo ptions, i de, St ring,
ed Types, i al, lo ad, a ct, en ce, Ġres ult, pt s, s ition, is p, en er, le d, d ic, n ame, ang e, vid er, Ġa wait, E x, er e,
Ġp rivate, ol or, head ers, k n, C h, ub lic, Ġa ll, a le, Ġa rray, ĠP romise, c or, oo k, Ġ end, s w, Ġp ublic, Ġa dd, d ata, Ġc ode,
f set, n e, P ar, i p, v al, R U, E S, ar get, Ġs h, ock et, isp atch, Ġin st, J S, re ad, Ġn e, ter n, Ġ error, Ġ default, kn own,
Ġp re, a k, im it, Ġde clare, Ġ G, Ġa l, o ul, oul d, at or, Ġ B, lin e, Ġon e, h is, oun t, Ġit em, u st, Ġth row, c ode, i x, K ey,
D ata, O f, S ize, er m, ĠL RU, at ed, l ass, Ġc ache, Ġt ext, Ġp o, e ad, Ġnam edTypes, st art, ter m, C ode, on e, i el, p p, ar g,
e vent, m b, f orm, ĠLRU Cache, Ġh as, Ġs er, ign al, i b, e f, K ind, let e, Ġ im, L E, con t, Ġl ist, ir st, li ent, Ġc urrent, e p,
f ig, Ġuse d, ug in, ru ctor, o ptions, per ty, ri pt, A t, n ode, S c, en se, o u, p ush, et urn, re ate, A R, in terface, Re quest,
Ġ k, a c, ime out, Ġ us, u es, Ġcall back, ĠT his, mb ol, y mbol, Ġm essage, L ist, S e, o k, c ol, Ġas sert, O bject, i v, b ort, Ġp l,
s h, Ġth en, e st, ig in, Ġw as, Ġ Q, Ġh t, ar d, Ġst ream, he ck, b uffer, Ġf etch, Ġf ile, lo b, O R, m essage, sw er, ĠC on, Ġ export,
T I, m it, f or, ad d, Ġs pec, ri b, Ġex p, Ġv al, R L, Ġ id, g ist, Ġc ase, Ġ x, N ame, ar k, m ax, Ġ le, f etch, i ch, ne ction, r on,
or g, p ace, a v, A g, Ġres ponse, Ġd o, E N, Ġa rg, ĠR eturn, Ġb ody, ers ion, re quest, ur l, ht tps, g er, Ġr un, Ġun known, Ġm ethod,
or k, Ġwh ich, s o, In dex, d ate, ss ion, t r, Ġs c, B ase, ĠI n, u le, c ar, t ing, n ew, Ġs o, in dex, ag es, i e, Ġs up, m and, ur s,
an s, qu ire, Ġe lement, Ġo ther, Ġ up, Ġp ath, f ter, Ex p, Ġc lass, Ġevent s, Ġon ly, A S, an t, v oid, ar ch, Ġconst ructor, Ġin dex,
Ġ St, rit e, Ġst ate, ĠE rror, un d, Ġm ay, T T, ap p, Ġit s, ar y, ĠF C, E D, iel d, un k, qu al, Ġas ync, n umber, tern al, dic i,
Ġm odel, ispo se, E n, it y, ic ense, Ġo ver, ĠS et, Ġcom p, Ġpro vi, fer ence, P o, o g, Ġo ut, il d, a ke, Ġl ine, W idth, Ġch ar,
in k, H andler, ind ow, Ġf irst, op y, rib ut, ch em, Ġb uffer, ide car, t ot, erm inal, lo se, Ġ headers, gist er, return s, L ength,
L ine, w n, ispatch er, ĠN ode, Ġ ent, Ġre quire, a use, urs or, Ġh andler, Ġst atus, o us, n ot, oun d, A N, st ate, n der, re ak,
Ġw eb, i es, Ġt ime, ook ie, id l, f o, Con t, lo ck, H ead, am s, le ction, ifi ed, A T, or y, t es, ect ed, de clare, y le, tot ype,
ption al, Ġ j, b ody, if ic, cl u, Ġto k, sc ode, am p, re e, Ġm ax, arg s, t ribut, Ġinst ance, ispo s, lob al, ic k, Ġpro cess, St art,
c cess, A A, en c, ispos able, m et, Ġy ou, ĠA n, M essage, head er, ro und, Ġc al, Ġcon text, ra w, Ġc lient, F F, p en, S T, all back,
Ġsh ould, a ve, Ġlo c, Ġn ext, and le, it ial, S I, le ar, is h, Ġpro vider, lo w, C olor, Ġre ason, par se, to col, Ġarg ument, Ġlo g,
Ġre mo, at ions, ens ions, c ore, Res ult, Ġw e, h at, at ive, ress ion, Res ponse, cor d, ĠE vent, st ream, Ġp er, Ġim p, es pace, x y,
P l, l ag, m odel, n ing, od ule, C ell, te st, ay load, ch ar, ĠO ptions, ĠReturn s, m ap, In t, d oc, v ar
`;

/** Each as a tokenizer's merge list has it: two pieces with a space between. Pieces hold letters and spaces alone. */
export const merges: readonly string[] = MERGES.trim().split(/,\s+/);
